using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What all gRPC endpoints of one application share.</summary>
internal sealed class GrpcServer(IServiceProvider services, ILoggerFactory loggerFactory, TimeProvider time, RegisteredLifetimes lifetimes)
{
    private bool _unknownServicesMapped;

    /// <summary>The application's services, without the scope of any request.</summary>
    public IServiceProvider Services { get; } = services;

    public TimeProvider Time { get; } = time;

    public RegisteredLifetimes Lifetimes { get; } = lifetimes;

    public ILogger Logger { get; } = loggerFactory.CreateLogger("Grpc.AspNetCore.Server.ServerCallHandler");

    /// <exception cref="InvalidOperationException"><c>AddGrpc</c> was not called.</exception>
    public static GrpcServer Of(IServiceProvider services) =>
        services.GetService<GrpcServer>()
        ?? throw new InvalidOperationException("Cannot map a gRPC service: call 'IServiceCollection.AddGrpc' where the application's services are configured.");

    public MethodOptions GlobalOptions() => MethodOptions.Merge([GlobalServiceOptions()]);

    public MethodOptions OptionsOf<TService>()
        where TService : class =>
        MethodOptions.Merge([Services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value, GlobalServiceOptions()]);

    /// <summary>True the first time: one endpoint answers for all services that are not mapped.</summary>
    public bool ClaimUnknownServices()
    {
        if (_unknownServicesMapped || GlobalServiceOptions().IgnoreUnknownServices == true) return false;
        return _unknownServicesMapped = true;
    }

    private GrpcServiceOptions GlobalServiceOptions() => Services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;
}
