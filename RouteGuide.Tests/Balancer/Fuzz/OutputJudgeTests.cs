using RouteGuide.Http2;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>The judge of the fuzz tests must be able to convict.</summary>
public sealed class OutputJudgeTests
{
    private static readonly byte[] Answer = HpackWire.Headers(1, false, (":status", "200"));

    public static TheoryData<string, byte[][]> Crimes => new()
    {
        { "before SETTINGS", [HpackWire.Ping(1)] },
        { "a frame after GOAWAY", [HpackWire.Settings(), HpackWire.GoAway(1, Http2ErrorCode.ProtocolError), HpackWire.Ping(1)] },
        { "nobody opened", [HpackWire.Settings(), HpackWire.Headers(3, false, (":status", "200"))] },
        { "nobody opened", [HpackWire.Settings(), HpackWire.Reset(3, Http2ErrorCode.Cancel)] },
        { "after END_STREAM", [HpackWire.Settings(), HpackWire.Headers(1, true, (":status", "200")), HpackWire.Data(1, [])] },
        { "after RST_STREAM", [HpackWire.Settings(), Answer, HpackWire.Reset(1, Http2ErrorCode.Cancel), HpackWire.Data(1, [1])] },
        { "a second RST_STREAM", [HpackWire.Settings(), HpackWire.Reset(1, Http2ErrorCode.Cancel), HpackWire.Reset(1, Http2ErrorCode.Cancel)] },
        { "beyond window 1", [HpackWire.Settings(), Answer, HpackWire.WindowUpdate(0, 1), .. Enumerable.Repeat(HpackWire.Data(1, new byte[16_384]), 4)] },
        { "larger than the peer takes", [HpackWire.Settings(), Answer, HpackWire.Data(1, new byte[16_385])] },
        { "inside the header block", [HpackWire.Settings(), HpackWire.Frame(1, 0, 1), HpackWire.Ping(1)] },
        { "acknowledges", [HpackWire.Settings(), HpackWire.Ping(1, ack: true)] },
        { "acknowledges", [HpackWire.Settings(), HpackWire.SettingsAck, HpackWire.SettingsAck] },
        { "nobody asked", [HpackWire.Settings(), HpackWire.Priority(1, 3)] },
    };

    [Theory]
    [MemberData(nameof(Crimes))]
    public void It_sees_what_is_wrong(string what, byte[][] frames)
    {
        var judge = Judge();
        var error = Assert.ThrowsAny<Exception>(() => judge.OnOutput(HpackWire.Concat(frames)));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_sees_what_is_missing()
    {
        var judge = Judge();
        judge.OnOutput(HpackWire.Settings().AsSpan(0, 5));
        Assert.ThrowsAny<Exception>(judge.OnEnd);
    }

    [Fact]
    public void It_has_nothing_against_what_is_right()
    {
        var judge = Judge();
        judge.OnInput(HpackWire.Concat(HpackWire.WindowUpdate(0, 10), HpackWire.WindowUpdate(1, 10), HpackWire.Ping(7)));
        foreach (var octet in HpackWire.Concat(
            HpackWire.Settings(), HpackWire.SettingsAck, Answer, HpackWire.Ping(7, ack: true), HpackWire.Data(1, new byte[16_384]), HpackWire.Data(1, new byte[16_384]), HpackWire.Data(1, new byte[16_384]), HpackWire.Data(1, new byte[16_384]),
            HpackWire.Data(1, new byte[9]), HpackWire.Headers(1, true, ("grpc-status", "0")), HpackWire.Reset(1, Http2ErrorCode.NoError), HpackWire.GoAway(1))) judge.OnOutput([octet]);
        judge.OnEnd();
        Assert.False(judge.HasFailed);
    }

    // Of a server that has been asked for stream 1.
    private static OutputJudge Judge()
    {
        var judge = new OutputJudge(Http2Role.Server);
        judge.OnInput(HpackWire.Concat(HpackWire.Preface, HpackWire.Settings(), HpackWire.Headers(1, true, HpackWire.Request())));
        return judge;
    }
}
