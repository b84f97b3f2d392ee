using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Dashboard.Balancing;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.RouteMap;

/// <summary>The connection to the service, through the balancer's front like any client's. It is made anew when the balancer has moved.</summary>
/// <param name="locator">Knows where the balancer is.</param>
internal sealed class RouteChannel(BalancerLocator locator) : IDisposable
{
    private const string ReplicaHeader = "x-routeguide-replica";
    private const int MaxReplicaName = 200;

    private readonly Lock _lock = new();
    private (Uri Address, string? Authority) _of;
    private GrpcChannel? _channel;

    /// <exception cref="ProblemException">It is not known where the balancer is.</exception>
    public Routeguide.RouteGuide.RouteGuideClient Client()
    {
        var address = locator.Find().Front ?? throw ProblemException.Away("There is no balancer: no resource has endpoints named admin and https.");
        lock (_lock)
        {
            var of = (address, locator.Authority);
            if (_channel is null || _of != of)
            {
                // Calls that still run on the old one end with it; the balancer they went through is gone.
                _channel?.Dispose();
                _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = Trust.Handler(of.Authority), DisposeHttpClient = true });
                _of = of;
            }

            return new Routeguide.RouteGuide.RouteGuideClient(_channel);
        }
    }

    /// <summary>Which replica answered; null where it does not say.</summary>
    public static string? ReplicaOf(Metadata headers) => headers.GetValue(ReplicaHeader) is { Length: > 0 and <= MaxReplicaName } replica ? replica : null;

    public void Dispose() => _channel?.Dispose();
}
