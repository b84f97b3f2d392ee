using Routeguide;

namespace RouteGuide.Server.Features;

/// <summary>Sums up one journey, point by point.</summary>
internal sealed class RouteRecorder(FeatureDatabase database, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private Point? _last;
    private int _points;
    private int _features;
    private double _metres;

    public void Visit(Point point)
    {
        _points++;
        if (database.At(point) is not null) _features++;
        if (_last is not null) _metres += Globe.Distance(_last, point);
        _last = point;
    }

    public RouteSummary Summary() => new()
    {
        PointCount = _points,
        FeatureCount = _features,
        // A journey of more than some hundred half-circles does not fit the field; the largest value says so better than a negative one.
        Distance = (int)Math.Min(_metres, int.MaxValue),
        ElapsedTime = (int)Math.Min(time.GetElapsedTime(_started).TotalSeconds, int.MaxValue),
    };
}
