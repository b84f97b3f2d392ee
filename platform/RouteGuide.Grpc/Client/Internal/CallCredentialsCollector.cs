using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Flattens call credentials, which may be composed of others, into the functions that make them.</summary>
internal sealed class CallCredentialsCollector : CallCredentialsConfiguratorBase
{
    private readonly List<AsyncAuthInterceptor> _interceptors = [];

    /// <summary>The functions, in the order in which they run.</summary>
    public static IReadOnlyList<AsyncAuthInterceptor> Collect(CallCredentials credentials)
    {
        var collector = new CallCredentialsCollector();
        credentials.InternalPopulateConfiguration(collector, null);
        return collector._interceptors;
    }

    public override void SetAsyncAuthInterceptorCredentials(object? state, AsyncAuthInterceptor interceptor) => _interceptors.Add(interceptor);

    public override void SetCompositeCredentials(object? state, IReadOnlyList<CallCredentials> credentials)
    {
        foreach (var part in credentials) part.InternalPopulateConfiguration(this, state);
    }
}
