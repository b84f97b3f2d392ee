using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using RouteGuide.Dashboard.Balancing;
using RouteGuide.Dashboard.Otlp;
using RouteGuide.Dashboard.Resources;
using RouteGuide.Dashboard.RouteMap;
using RouteGuide.Dashboard.Security;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Telemetry;
using RouteGuide.Dashboard.Telemetry.Archive;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;
using RouteGuide.Dashboard.Web;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Dashboard.Startup;

/// <summary>Puts the dashboard together.</summary>
internal static class DashboardApp
{
    private const string CookieName = ".RouteGuide.Dashboard";

    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // What belongs to the program lies beside it, wherever it is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        configure?.Invoke(builder);
        builder.LogFromStartOn();
        var options = DashboardOptions.From(builder.Configuration);
        var ports = new Ports(options);
        // The addresses go to Kestrel below, each with what it is for; by themselves they would be warned about as overridden.
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "");
        builder.WebHost.UseSetting(WebHostDefaults.HttpPortsKey, "");
        builder.WebHost.UseSetting(WebHostDefaults.HttpsPortsKey, "");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Limits.RequestBytes;
            ports.Listen(kestrel);
        });

        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(ports);
        services.AddSingleton(options.Limits);
        services.AddSingleton(TimeProvider.System);
        services.AddHostedService<StartLines>();
        services.AddRouting();
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.AddSingleton<MatcherPolicy, RequestPolicy>();
        services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        AddSecurity(builder);
        AddResources(services);
        AddTelemetry(services);
        AddBalancer(services);

        var app = builder.Build();
        app.Use(Problems.Catch);
        app.UseWhen(context => Ports.KindOf(context) == PortKind.Frontend, frontend =>
        {
            frontend.UseStatusCodePages(answered => Problems.Write(answered.HttpContext, answered.HttpContext.Response.StatusCode, ReasonPhrases.GetReasonPhrase(answered.HttpContext.Response.StatusCode), $"{answered.HttpContext.Request.Method} {answered.HttpContext.Request.Path}"));
            frontend.UseAuthentication();
            frontend.Use(app.Services.GetRequiredService<FrontendGate>().Pass);
            frontend.UseFrontendFiles();
        });
        app.UseWhen(context => Ports.KindOf(context) != PortKind.Frontend, otlp => otlp.Use(app.Services.GetRequiredService<OtlpGate>().Pass));
        app.UseRouting();
        MapFrontend(app.MapGroup("").WithMetadata(new PortMark(PortKind.Frontend)));
        app.MapGroup("").WithMetadata(new PortMark(PortKind.OtlpGrpc)).MapOtlpGrpc();
        app.MapGroup("").WithMetadata(new PortMark(PortKind.OtlpHttp)).MapOtlpHttp();
        return app;
    }

    private static void MapFrontend(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/stream", app.ServiceProvider.GetRequiredService<StreamEndpoint>().Handle);
        app.MapSession();
        app.MapResources();
        app.MapTelemetry();
        app.MapLogs();
        app.MapTraces();
        app.MapMetrics();
        app.MapBalancer();
        app.MapRoute();
        app.MapPages();
    }

    private static void AddResources(IServiceCollection services)
    {
        services.AddSingleton<Palette>();
        services.AddSingleton<StreamEndpoint>();
        services.AddSingleton<ResourceBook>();
        services.AddSingleton<ResourceService>();
        services.AddHostedService(provider => provider.GetRequiredService<ResourceService>());
        services.AddSingleton<ITopic, ResourceTopic>();
        services.AddSingleton<ConsoleTopic>();
        services.AddSingleton<ITopic>(provider => provider.GetRequiredService<ConsoleTopic>());
    }

    private static void AddTelemetry(IServiceCollection services)
    {
        services.AddSingleton<AttributeReader>();
        services.AddSingleton<TelemetryResources>();
        services.AddSingleton<TelemetryHub>();
        services.AddSingleton<LogStore>();
        services.AddSingleton<LogIngestion>();
        services.AddSingleton<TraceStore>();
        services.AddSingleton<TraceIngestion>();
        services.AddSingleton<TraceDetail>();
        services.AddSingleton<MetricStore>();
        services.AddSingleton<MetricIngestion>();
        services.AddSingleton<TelemetryExport>();
        services.AddSingleton<TelemetryImport>();
        services.AddSingleton<OtlpGate>();
        services.AddSingleton<ITopic, TelemetryTopic>();
        services.AddSingleton<ITopic, LogTopic>();
        services.AddSingleton<ITopic, TraceListTopic>();
        services.AddSingleton<ITopic, TraceTopic>();
        services.AddSingleton<ITopic, MetricTopic>();
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = Limits.OtlpBytes);
    }

    private static void AddBalancer(IServiceCollection services)
    {
        services.AddSingleton<BalancerLocator>();
        services.AddSingleton<BalancerAdmin>();
        services.AddSingleton<BalancerWatch>();
        services.AddSingleton<ITopic, BalancerTopic>();
        services.AddSingleton<Burst>();
        services.AddSingleton<RouteChannel>();
        services.AddSingleton<ChatRooms>();
        services.AddSingleton<ITopic, ChatTopic>();
    }

    private static void AddSecurity(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<Sessions>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<FrontendGate>();
        services.AddDataProtection().SetApplicationName("RouteGuide.Dashboard");
        // The keys lie in a folder of their owner's alone; that they are not encrypted there is known.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(keys => keys.XmlRepository =
            new KeyRepository(Path.Combine(provider.GetRequiredService<DashboardOptions>().Home, "keys"), provider.GetRequiredService<ILoggerFactory>().CreateLogger<KeyRepository>())));
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.Cookie.Name = CookieName;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = Sessions.Lifetime;
            cookie.SlidingExpiration = false;
        });
    }
}
