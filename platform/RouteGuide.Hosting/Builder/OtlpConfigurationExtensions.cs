using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>A form of OTLP.</summary>
public enum OtlpProtocol
{
    /// <summary>Over gRPC.</summary>
    Grpc,

    /// <summary>Protocol buffers over HTTP.</summary>
    HttpProtobuf,

    /// <summary>JSON over HTTP.</summary>
    HttpJson,
}

/// <summary>Tells resources where their telemetry goes.</summary>
public static class OtlpConfigurationExtensions
{
    /// <summary>Tells a resource where its telemetry goes, in the protocol that is received there.</summary>
    public static IResourceBuilder<T> WithOtlpExporter<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment => Add(builder, new OtlpExporterAnnotation());

    /// <summary>Tells a resource where its telemetry goes, in a certain protocol.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="protocol">The protocol.</param>
    public static IResourceBuilder<T> WithOtlpExporter<T>(this IResourceBuilder<T> builder, OtlpProtocol protocol)
        where T : IResourceWithEnvironment => Add(builder, new OtlpExporterAnnotation { RequiredProtocol = protocol });

    private static IResourceBuilder<T> Add<T>(IResourceBuilder<T> builder, OtlpExporterAnnotation annotation)
        where T : IResourceWithEnvironment
    {
        var first = !builder.Resource.HasAnnotationOfType<OtlpExporterAnnotation>();
        builder.WithAnnotation(annotation, ResourceAnnotationMutationBehavior.Replace);
        if (!first) return builder;
        return builder.WithEnvironment(context =>
        {
            if (context.ExecutionContext.IsPublishMode) return;
            var configuration = context.ExecutionContext.ServiceProvider.GetRequiredService<IConfiguration>();
            var environment = context.ExecutionContext.ServiceProvider.GetRequiredService<IHostEnvironment>();
            context.Resource.TryGetLastAnnotation<OtlpExporterAnnotation>(out var exporter);
            AddVariables(context, configuration, environment, exporter?.RequiredProtocol);
        });
    }

    private static void AddVariables(EnvironmentCallbackContext context, IConfiguration configuration, IHostEnvironment environment, OtlpProtocol? required)
    {
        var variables = context.EnvironmentVariables;
        variables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = InstanceIdAttribute.Instance;
        if (context.Resource is ProjectResource)
        {
            variables["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
            variables["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "true";
            variables["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "true";
        }

        if (Receiver(configuration, required) is not { } receiver)
        {
            if (required is not null && HasReceiver(configuration)) throw new DistributedApplicationException($"'{context.Resource.Name}' wants to send telemetry as {required}, and no receiver for that is configured.");
            return;
        }

        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Url;
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = receiver.Protocol;
        if (configuration["AppHost:OtlpApiKey"] is { } key) variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={key}";
        else if (configuration["OTEL_EXPORTER_OTLP_HEADERS"] is { } headers) variables["OTEL_EXPORTER_OTLP_HEADERS"] = headers;
        if (!environment.IsDevelopment()) return;

        // What a person waits for should be there within a second.
        variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        variables["OTEL_TRACES_SAMPLER"] = "always_on";
        variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
        variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true";
    }

    private static bool HasReceiver(IConfiguration configuration) => Receiver(configuration, required: null) is not null;

    private static (string Url, string Protocol)? Receiver(IConfiguration configuration, OtlpProtocol? required)
    {
        var grpc = configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? configuration["DOTNET_DASHBOARD_OTLP_ENDPOINT_URL"];
        var http = configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] ?? configuration["DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"];
        var other = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"];
        var word = required switch
        {
            OtlpProtocol.Grpc => "grpc",
            OtlpProtocol.HttpProtobuf => "http/protobuf",
            OtlpProtocol.HttpJson => "http/json",
            _ => null,
        };

        if (!string.IsNullOrEmpty(grpc) && required is null or OtlpProtocol.Grpc) return (grpc!, "grpc");
        if (!string.IsNullOrEmpty(http) && required is not OtlpProtocol.Grpc) return (http, word ?? "http/protobuf");
        return string.IsNullOrEmpty(other) ? null : (other, word ?? configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] ?? "grpc");
    }

    /// <summary>Replicas share a service name; this attribute tells them apart.</summary>
    private sealed class InstanceIdAttribute : IValueProvider
    {
        public static readonly InstanceIdAttribute Instance = new();

        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new((string?)null);

        public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
            new(context is InstanceValueContext instance ? $"service.instance.id={instance.InstanceSuffix}" : null);
    }
}
