namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>Carries requests to targets of HTTP/1.1. Called by many threads at once.</summary>
internal sealed class HttpRelay(ProxyShared shared) : IDisposable
{
    /// <summary>A request has ended.</summary>
    public void Report(in ExchangeReport report)
    {
        lock (shared.Meters.Shared) shared.Meters.Shared.OnCall(in report);
        if (shared.Log.IsEnabled) shared.Log.Write(shared.Meters.Shared.Slot, in report);
    }

    /// <summary>Rules were asked.</summary>
    public void OnEvaluations(int count)
    {
        lock (shared.Meters.Shared) shared.Meters.Shared.RuleEvaluations += count;
    }

    public TraceSampling Sampling => shared.Sampling;

    public TimeProvider Time => shared.Time;

    public HttpMessageInvoker Client { get; } = TargetClient.New(shared.Options);

    /// <summary>The time for running requests is over: who ends one now is the balancer.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Carries one; completes when it is over, whatever became of it.</summary>
    /// <param name="context">Request and response.</param>
    /// <param name="origin">Where it came from.</param>
    /// <param name="route">Where it is to go.</param>
    /// <param name="target">Path and query, clean.</param>
    public Task Carry(HttpContext context, ClientOrigin origin, in CallRoute route, string target) => new HttpExchange(this, context, origin, route, target).Run();

    public void Dispose() => Client.Dispose();
}
