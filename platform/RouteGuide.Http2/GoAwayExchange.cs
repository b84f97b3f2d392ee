using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>
/// GOAWAY in both directions (RFC 9113 section 6.8). A server that stops gracefully says so in two steps: first with the highest id there is,
/// which ends nothing; then, when a PING has been answered and so all streams opened meanwhile have arrived, with the last one it
/// will answer.
/// </summary>
internal sealed class GoAwayExchange(ConnectionCore core)
{
    /// <summary>What the PING between the two steps carries.</summary>
    public const ulong DrainPing = 0x6472_6169_6e69_6e67; // "draining"

    private enum Step
    {
        Open,
        Announced,
        Final,
    }

    private Step _step;
    private long _announcedMs;
    private int _peerLast = int.MaxValue;
    private byte[] _debugData = [];

    /// <summary>The peer has sent GOAWAY.</summary>
    public bool IsPeerGone { get; private set; }

    /// <summary>A graceful stop has begun.</summary>
    public bool IsDraining => _step != Step.Open;

    /// <summary>A graceful stop is complete: no stream is left and none can come.</summary>
    public bool IsDrained => _step == Step.Final && core.Streams.Count == 0;

    /// <summary>Begins a graceful stop.</summary>
    /// <param name="debugData">Says why, in both frames.</param>
    public void Begin(byte[] debugData)
    {
        if (_step != Step.Open || core.Failure is not null) return;
        if (core.Role == Http2Role.Client)
        {
            // Only we open streams here: not doing so any more is all there is to it.
            _step = Step.Final;
            return;
        }

        _step = Step.Announced;
        _announcedMs = core.NowMs;
        _debugData = debugData;
        core.Writer.WriteGoAway(int.MaxValue, Http2ErrorCode.NoError, debugData);
        core.Writer.WritePing(DrainPing, ack: false);
    }

    /// <summary>The PING between the steps was answered, or has been waited for long enough.</summary>
    public void Finish()
    {
        if (_step != Step.Announced) return;
        _step = Step.Final;
        core.LastPromisedStream = core.LastPeerStream;
        core.Writer.WriteGoAway(core.LastPromisedStream, Http2ErrorCode.NoError, _debugData);
    }

    public void CheckTimeout()
    {
        if (_step == Step.Announced && core.NowMs - _announcedMs > core.Limits.GoAwayRoundTripMs) Finish();
    }

    /// <exception cref="Http2ConnectionException">The last id rose.</exception>
    public void OnGoAway(ReadOnlySpan<byte> payload)
    {
        var (last, code) = FramePayload.GoAway(payload);
        if (last > _peerLast) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"GOAWAY with last stream {last} after {_peerLast}");
        _peerLast = last;
        IsPeerGone = true;
        if (core.Role == Http2Role.Client)
        {
            // Those above it were not and will not be acted on; they may go elsewhere.
            var streams = core.CopyStreams();
            foreach (var stream in streams)
            {
                if (stream.Id > last) core.End(stream, new StreamReset(code, ResetOrigin.Connection, IsSafeToRetry: true), StreamEnding.ResetByUs);
            }

            streams.Clear();
        }

        core.Handler.OnGoAway(last, code, payload[8..]);
    }
}
