using System.Text;
using Google.Protobuf;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Balancing.Orca;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>orca_weighted_round_robin: reports of targets, believed as far as they go.</summary>
public sealed class OrcaTests
{
    private static readonly OrcaSettings Settings = new();

    [Fact]
    public void A_report_is_read_as_others_write_it()
    {
        Assert.True(OrcaReport.TryParseBase64(Report(cpu: 0.75, rate: 120.5, errors: 2.25, others: true), out var report));
        Assert.Equal(new OrcaReport(120.5, 2.25, 0.75), report);
        Assert.True(OrcaReport.TryParseBase64(Report(cpu: 0.75, rate: 120.5, application: 0.5), out report));
        Assert.Equal(new OrcaReport(120.5, 0, 0.5), report);
    }

    [Fact]
    public void Padding_may_be_left_out()
    {
        foreach (var others in (bool[])[false, true])
        {
            var padded = Encoding.ASCII.GetString(Report(cpu: 1, rate: 3, others: others));
            Assert.True(OrcaReport.TryParseBase64(Encoding.ASCII.GetBytes(padded.TrimEnd('=')), out var report));
            Assert.Equal(3, report.Rate);
        }
    }

    [Theory]
    [InlineData(100, 0, 0.5, 200)]
    [InlineData(100, 50, 0.5, 100)]
    [InlineData(0, 0, 0.5, 0)]
    [InlineData(100, 0, 0, 0)]
    [InlineData(double.MaxValue, 0, double.Epsilon, 0)]
    public void The_weight_is_calls_per_capacity_less_a_penalty_for_errors(double rate, double errors, double utilization, double weight) =>
        Assert.Equal(weight, new OrcaReport(rate, errors, utilization).Weight(1));

    [Theory]
    [InlineData("")]
    [InlineData("!!!!")]
    [InlineData("A")]
    [InlineData("CQAAAAAAAPA/,CQAAAAAAAPA/")] // two values in one field
    [InlineData("CQAAAAAA8D8=")] // a double that is cut off
    [InlineData("CQAAAAAAAPB/")] // infinite
    [InlineData("CQAAAAAAAPh/")] // not a number
    [InlineData("CQAAAAAAAPC/")] // less than nothing
    [InlineData("//////////////8=")] // a varint without an end
    [InlineData("Qv///////////wE=")] // a length beyond all bounds
    [InlineData("Cw==")] // a group
    [InlineData("AQAAAAAAAPA/")] // field number 0
    public void What_is_no_report_is_none(string value)
    {
        var pool = new Pool(1, 1);
        new OrcaWeightedRoundRobin(Settings, new ManualTime()).OnLoadReport(pool[0], Encoding.ASCII.GetBytes(value));

        Assert.False(OrcaReport.TryParseBase64(Encoding.ASCII.GetBytes(value), out _));
        Assert.Equal(0, pool[0].Load.Reported.At(0, 0, 1000));
    }

    [Fact]
    public void A_field_that_is_too_long_is_no_report() =>
        Assert.False(OrcaReport.TryParseBase64(Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[OrcaReport.MaxLength])), out _));

    [Fact]
    public void Random_octets_do_no_harm()
    {
        var random = new Random(42);
        var picker = new OrcaWeightedRoundRobin(Settings with { BlackoutPeriod = TimeSpan.Zero }, new ManualTime());
        var pool = new Pool(1, 1, 1);
        var valid = Convert.FromBase64String(Encoding.ASCII.GetString(Report(0.5, 10, others: true)));
        for (var i = 0; i < 100_000; i++)
        {
            byte[] octets = [.. valid];
            for (var n = random.Next(4); n >= 0; n--) octets[random.Next(octets.Length)] = (byte)random.Next(256);
            if (i % 2 == 0) octets = octets[..random.Next(octets.Length)];
            _ = OrcaReport.TryParse(octets, out _);
            picker.OnLoadReport(pool[i % 3], Encoding.ASCII.GetBytes(Convert.ToBase64String(octets)));
        }

        Assert.Equal(3000, pool.Count(picker, 3000).Sum());
    }

    [Fact]
    public void Weights_count_after_the_blackout_and_the_next_update_and_not_when_they_are_old()
    {
        var time = new ManualTime();
        var picker = new OrcaWeightedRoundRobin(Settings, time);
        var pool = new Pool(1, 1, 1);
        picker.OnLoadReport(pool[0], Report(0.9, 90)); // 100
        picker.OnLoadReport(pool[1], Report(0.3, 90)); // 300
        Assert.Equal([200, 200, 200], pool.Count(picker, 600));

        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal([200, 200, 200], pool.Count(picker, 600));

        // The third one reports nothing: it has the mean of the others.
        time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal([100, 300, 200], pool.Count(picker, 600));

        // A better report counts from the next update on.
        picker.OnLoadReport(pool[0], Report(0.1, 50)); // 500
        Assert.Equal([100, 300, 200], pool.Count(picker, 600));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([250, 150, 200], pool.Count(picker, 600));

        // One report left is not enough to compare.
        time.Advance(TimeSpan.FromSeconds(170));
        picker.OnLoadReport(pool[1], Report(0.3, 90));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([200, 200, 200], pool.Count(picker, 600));

        // Who comes back has its blackout again.
        picker.OnLoadReport(pool[0], Report(0.9, 90));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([200, 200, 200], pool.Count(picker, 600));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([100, 300, 200], pool.Count(picker, 600));
    }

    [Fact]
    public void Configured_weights_count_besides()
    {
        var time = new ManualTime();
        var picker = new OrcaWeightedRoundRobin(Settings with { BlackoutPeriod = TimeSpan.Zero }, time);
        var pool = new Pool(1, 3);
        Assert.Equal([100, 300], pool.Count(picker, 400));
        foreach (var target in pool.Targets) picker.OnLoadReport(target, Report(target == pool[0] ? 0.1 : 0.3, 60));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([200, 200], pool.Count(picker, 400));
    }

    private static byte[] Report(double cpu, double rate, double errors = 0, double application = 0, bool others = false)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            Double(output, 1, cpu);
            if (others)
            {
                Double(output, 2, 0.25);
                output.WriteTag(3, WireFormat.WireType.Varint);
                output.WriteUInt64(ulong.MaxValue);
                // An entry of a map: named_metrics["queue"] = 7.
                output.WriteTag(8, WireFormat.WireType.LengthDelimited);
                output.WriteLength(7 + 9);
                output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                output.WriteString("queue");
                Double(output, 2, 7);
                output.WriteTag(3000, WireFormat.WireType.Fixed32);
                output.WriteFixed32(1);
            }

            Double(output, 6, rate);
            Double(output, 7, errors);
            Double(output, 9, application);
        }

        return Encoding.ASCII.GetBytes(Convert.ToBase64String(stream.ToArray()));
    }

    private static void Double(CodedOutputStream output, int field, double value)
    {
        if (value == 0) return;
        output.WriteTag(field, WireFormat.WireType.Fixed64);
        output.WriteDouble(value);
    }
}
