using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health.Outliers;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Outliers;

/// <summary>Anomaly detection and mitigation: AWS's automatic target weights.</summary>
public sealed class AnomalyTests
{
    private const int PerSecond = 300;

    [Fact]
    public void A_target_that_fails_more_than_its_peers_is_marked_always_and_gets_fewer_calls_where_that_is_on()
    {
        foreach (var mitigates in (bool[])[false, true])
        {
            using var herd = Quiet(3);
            using var detector = new AnomalyDetector(herd.Table, herd.Time);
            detector.Apply(mitigates);

            // The first look only learns what was before.
            for (var second = 0; second < 4; second++) Second(herd, second, 0.5);

            Assert.Equal([true, false, false], herd.Targets.Select(t => t.Load.Outcomes.IsAnomalous));
            Assert.Equal(mitigates ? 0.125 : 1, herd.Table.Current.Entries[0].Share);
            Assert.Equal(("anomalous", mitigates ? "yes" : "no"), Shown(herd, 0));
            Assert.Equal(("normal", "no"), Shown(herd, 1));
            Assert.All(herd.Table.Current.Entries.Skip(1), e => Assert.Equal(1, e.Share));
        }
    }

    [Fact]
    public void It_keeps_a_twentieth_and_comes_back_in_small_steps()
    {
        using var herd = Quiet(4);
        using var detector = new AnomalyDetector(herd.Table, herd.Time);
        detector.Apply(true);
        for (var second = 0; second < 30; second++) Second(herd, second, 0.9);
        Assert.InRange(herd.Table.Current.Entries[0].Share, AnomalyDetector.LeastShare, 0.3);

        var shares = new List<double>();
        for (var second = 0; second < 60; second++)
        {
            Second(herd, second, 0);
            shares.Add(herd.Table.Current.Entries[0].Share);
        }

        Assert.Equal(1, shares[^1]);
        Assert.All(shares.Zip(shares.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, -0.5, 0.051));
        Assert.False(herd[0].Load.Outcomes.IsAnomalous);
    }

    [Fact]
    public void Of_two_targets_nobody_is_the_odd_one()
    {
        using var herd = Quiet(2);
        using var detector = new AnomalyDetector(herd.Table, herd.Time);
        detector.Apply(true);

        for (var second = 0; second < 5; second++) Second(herd, second, 0.9);

        Assert.All(herd.Table.Current.Entries, e => Assert.Equal((1, false), (e.Share, e.Target.Load.Outcomes.IsAnomalous)));
    }

    [Fact]
    public void Where_all_fail_nobody_is_the_odd_one()
    {
        using var herd = Quiet(5);
        using var detector = new AnomalyDetector(herd.Table, herd.Time);
        detector.Apply(true);
        var random = new Random(3);

        var marked = 0;
        for (var second = 0; second < 300; second++)
        {
            herd.Traffic(PerSecond, (_, _) => random.NextDouble() < 0.3);
            herd.Pass(1);
            marked += herd.Targets.Count(t => t.Load.Outcomes.IsAnomalous);
        }

        Assert.InRange(marked, 0, 15);
    }

    [Fact]
    public void Turned_off_all_have_their_weight_again()
    {
        using var herd = Quiet(3);
        using var detector = new AnomalyDetector(herd.Table, herd.Time);
        detector.Apply(true);
        for (var second = 0; second < 3; second++) Second(herd, second, 0.9);
        Assert.NotEqual(1, herd.Table.Current.Entries[0].Share);

        detector.Apply(false);

        Assert.All(herd.Table.Current.Entries, e => Assert.Equal(1, e.Share));
    }

    private static Herd Quiet(int targets) => new(targets, new OutlierSettings { Enabled = false });

    private static (string, string) Shown(Herd herd, int index)
    {
        var anomaly = TargetHealthDescription.Of(herd.Table.Current.Entries[index]).Anomaly;
        return (anomaly.Result, anomaly.MitigationInEffect);
    }

    // Chance decides who is called, as with weighted_random.
    private static void Second(Herd herd, int second, double failing)
    {
        var picker = new WeightedRandom(new Dice((ulong)second));
        var random = new Random(second);
        for (var n = 0; n < PerSecond; n++)
        {
            var index = Array.IndexOf(herd.Targets, picker.Pick(herd.Table.Current, default, out _));
            herd.Answer(index, index == 0 && random.NextDouble() < failing ? 14 : 0);
        }

        herd.Pass(1);
    }
}
