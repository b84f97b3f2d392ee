using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>The weight of a server by what it reports: the calls per second that it could take at full load (gRFC A58).</summary>
internal sealed class ServerWeight(WeightSettings settings, TimeProvider time) : ISubchannelCallTracker, ILoadListener
{
    private readonly Lock _gate = new();
    private double _weight;
    private long _first;
    private long _last;
    private bool _hasReport;

    public void Start()
    {
        // Only what the server says counts.
    }

    public void Complete(CompletionContext context)
    {
        // A failure that carries no report says nothing about load.
    }

    public void OnLoad(in OrcaLoad load)
    {
        var utilization = load.ApplicationUtilization > 0 ? load.ApplicationUtilization : load.CpuUtilization;
        if (load.CallsPerSecond > 0 && load.ErrorsPerSecond > 0) utilization += load.ErrorsPerSecond / load.CallsPerSecond * settings.ErrorPenalty;
        if (!(utilization > 0) || !(load.CallsPerSecond > 0)) return;
        var weight = load.CallsPerSecond / utilization;
        if (!double.IsFinite(weight)) return;

        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (!_hasReport || time.GetElapsedTime(_last, now) >= settings.Expiration) _first = now;
            _hasReport = true;
            _last = now;
            _weight = weight;
        }
    }

    /// <summary>The weight; 0 if there is none that can be believed.</summary>
    public double Current()
    {
        lock (_gate)
        {
            if (!_hasReport) return 0;
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(_last, now) >= settings.Expiration)
            {
                _hasReport = false;
                return 0;
            }

            return settings.Blackout > TimeSpan.Zero && time.GetElapsedTime(_first, now) < settings.Blackout ? 0 : _weight;
        }
    }
}
