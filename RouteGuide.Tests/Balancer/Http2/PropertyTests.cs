using FsCheck;
using FsCheck.Fluent;
using RouteGuide.Http2;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>It must not matter how the transport cuts the octets.</summary>
public sealed class PropertyTests
{
    [Theory]
    [InlineData(Http2Role.Server)]
    [InlineData(Http2Role.Client)]
    internal void Any_legal_traffic_cut_anywhere_gives_the_same_result(Http2Role role)
    {
        var cuts = Gen.Choose(1, 40).Or(Gen.Choose(1, 6000)).ListOf();
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), cuts.ToArbitrary(), (seed, lengths) =>
        {
            byte[] octets = [.. new Traffic(role, new Random(seed)).Make(steps: 120).SelectMany(f => f)];
            var whole = Run(role, [octets]);
            Assert.Null(whole.Connection.Failure);
            Assert.True(whole.Handler.Events.Count > 3);
            var cut = Run(role, Cut(octets, lengths));
            Assert.Equal(whole.Handler.Events, cut.Handler.Events);
            Assert.Equal(whole.Sent(), cut.Sent());
            Assert.Equal(whole.ConnectionCredit, cut.ConnectionCredit);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Legal_traffic_octet_by_octet_gives_the_same_result()
    {
        byte[] octets = [.. new Traffic(Http2Role.Server, new Random(7)).Make(steps: 300).SelectMany(f => f)];
        Assert.Equal(Run(Http2Role.Server, [octets]).Handler.Events, Run(Http2Role.Server, octets.Select(o => (byte[])[o])).Handler.Events);
    }

    private static TestConnection Run(Http2Role role, IEnumerable<byte[]> parts)
    {
        var connection = new TestConnection(role, handshake: false);
        if (role == Http2Role.Client)
        {
            for (var i = 0; i < Traffic.ClientStreams; i++) connection.Open(end: true);
        }

        foreach (var part in parts) connection.Send(part);
        return connection;
    }

    private static IEnumerable<byte[]> Cut(byte[] octets, IEnumerable<int> lengths)
    {
        var at = 0;
        foreach (var length in lengths)
        {
            var end = Math.Min(octets.Length, at + length);
            yield return octets[at..end];
            at = end;
        }

        yield return octets[at..];
    }
}
