using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Outliers;

/// <summary>Watches what becomes of a group's calls: who stands out is ejected, or gets fewer of them.</summary>
internal sealed class Behaviour : IOutcomeWatch, IDisposable
{
    private readonly OutlierDetector _outliers;
    private readonly AnomalyDetector _anomalies;

    public Behaviour(TargetTable targets, OutlierSettings settings, TimeProvider time, Random random, ILogger<OutlierDetector> logger)
    {
        _outliers = new OutlierDetector(targets, settings, time, random, logger);
        _anomalies = new AnomalyDetector(targets, time);
    }

    /// <summary>From now on it judges so. Any thread.</summary>
    /// <param name="settings">Who is ejected.</param>
    /// <param name="mitigates">Who stands out gets fewer calls.</param>
    public void Apply(OutlierSettings settings, bool mitigates)
    {
        _outliers.Apply(settings);
        _anomalies.Apply(mitigates);
    }

    public void OnOutcome(Target target, in CallOutcome outcome) => _outliers.OnOutcome(target, in outcome);

    /// <inheritdoc cref="OutlierDetector.OnCheckPassed"/>
    public void OnCheckPassed(Target target) => _outliers.OnCheckPassed(target);

    public void Dispose()
    {
        _outliers.Dispose();
        _anomalies.Dispose();
    }
}
