using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Routeguide;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.ServiceDefaults;

/// <summary>Addresses that name services, as an app host hands them over.</summary>
public sealed class ServiceDiscoveryTests
{
    private static readonly Dictionary<string, string?> Known = new()
    {
        ["services:server:http:0"] = "http://localhost:5000",
        ["services:server:https:0"] = "https://localhost:5001",
        ["services:server:https:1"] = "https://localhost:5002",
        ["services:server:admin:0"] = "http://localhost:5003",
        ["services:plain:http:0"] = "http://localhost:6000",
        ["services:outside:default:0"] = "https://example.com/",
        ["services:broken:http:0"] = "nowhere",
    };

    [Theory]
    [InlineData("https+http://server", "https://localhost:5001/ https://localhost:5002/")]
    [InlineData("http+https://server", "http://localhost:5000/")]
    [InlineData("http://server/a?b=c", "http://localhost:5000/a?b=c")]
    [InlineData("https+http://plain", "http://localhost:6000/")]
    [InlineData("https://plain", "")]
    [InlineData("http://_admin.server", "http://localhost:5003/")]
    [InlineData("https+http://_admin.server/x", "http://localhost:5003/x")]
    [InlineData("https://outside", "https://example.com/")]
    [InlineData("server", "https://localhost:5001/ https://localhost:5002/")]
    [InlineData("http://server:81", "")]
    [InlineData("http://elsewhere", "")]
    public void An_address_stands_for_what_is_configured(string address, string expected) =>
        Assert.Equal(expected, string.Join(' ', ServiceEndpoints.Resolve(Configuration(), new Uri(address, UriKind.RelativeOrAbsolute)).Select(uri => uri.AbsoluteUri)));

    [Fact]
    public void What_names_nothing_is_itself_or_a_clear_error()
    {
        Assert.Equal("http://elsewhere/", ServiceEndpoints.ResolveOne(Configuration(), new Uri("http://elsewhere")).AbsoluteUri);
        foreach (var address in (string[])["https+http://elsewhere", "elsewhere", "https://_admin.elsewhere"])
        {
            Assert.Contains($"'{address}'", Assert.Throws<ConfigurationException>(() => ServiceEndpoints.ResolveOne(Configuration(), new Uri(address, UriKind.RelativeOrAbsolute))).Message, StringComparison.Ordinal);
        }

        Assert.Equal("services:broken:http:0: 'nowhere' is not an absolute http or https address.", Assert.Throws<ConfigurationException>(() => ServiceEndpoints.Resolve(Configuration(), new Uri("http://broken"))).Message);
    }

    [Fact]
    public async Task Clients_of_http_reach_all_addresses_of_a_service_by_its_name()
    {
        await using var one = await Answering("one");
        await using var two = await Answering("two");
        using var host = Host(builder =>
        {
            builder.Configuration["services:pair:http:0"] = Address(one);
            builder.Configuration["services:pair:http:1"] = Address(two);
            builder.Services.AddHttpClient("pair", client => client.BaseAddress = new Uri("https+http://pair"));
        });
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("pair");

        var answers = new[] { await client.GetStringAsync(new Uri("/a", UriKind.Relative)), await client.GetStringAsync(new Uri("/b", UriKind.Relative)) };

        Assert.Equal(["one", "two"], answers.Select(a => a.Split(' ')[0]).Order());
        Assert.Equal(["/a", "/b"], answers.Select(a => a.Split(' ')[1]));
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("https+http://nobody")));
        Assert.Contains("https+http://nobody", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https+http://routes")]
    [InlineData("http://routes")]
    [InlineData("routes")]
    public async Task Clients_of_grpc_reach_a_service_by_its_name(string address)
    {
        await using var server = await RunningServer.Start();
        using var host = Host(builder =>
        {
            builder.Configuration["services:routes:http:0"] = server.Address.AbsoluteUri;
            builder.Services.AddGrpcClient<Routeguide.RouteGuide.RouteGuideClient>(options => options.Address = new Uri(address, UriKind.RelativeOrAbsolute));
        });

        var feature = await host.Services.GetRequiredService<Routeguide.RouteGuide.RouteGuideClient>().GetFeatureAsync(new Point { Latitude = 409146138, Longitude = -746188906 });

        Assert.StartsWith("Berkshire", feature.Name, StringComparison.Ordinal);
    }

    private static IConfiguration Configuration() => new ConfigurationBuilder().AddInMemoryCollection(Known).Build();

    private static IHost Host(Action<HostApplicationBuilder> configure)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddServiceDefaults();
        configure(builder);
        return builder.Build();
    }

    private static async Task<WebApplication> Answering(string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(context => context.Response.WriteAsync($"{name} {context.Request.Path}"));
        await app.StartAsync();
        return app;
    }

    private static string Address(WebApplication app) => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
