using System.Buffers.Binary;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>What the peer asked for, beginning with what RFC 9113 section 6.5.2 says is in force before it asks.</summary>
internal sealed class PeerSettings
{
    /// <summary>Octets of HPACK table that the peer lets our encoder use.</summary>
    public int HeaderTableSize { get; private set; } = 4096;

    /// <summary>Streams that we may have open; null while the peer has not said, which means any number.</summary>
    public int? MaxConcurrentStreams { get; private set; }

    /// <summary>Octets we may send on a new stream, 0 to 2^31-1.</summary>
    public int InitialWindowSize { get; private set; } = FlowWindow.Default;

    /// <summary>Octets of payload we may send in a frame, 16,384 to 16,777,215.</summary>
    public int MaxFrameSize { get; private set; } = FrameRules.MinMaxFrameSize;

    /// <summary>Octets of header list that the peer wants at most (advice); <see cref="int.MaxValue"/> while it has not said.</summary>
    public int MaxHeaderListSize { get; private set; } = int.MaxValue;

    /// <summary>Takes over the values of a SETTINGS payload in their order (RFC 9113 section 6.5.3).</summary>
    /// <param name="payload">A multiple of six octets.</param>
    /// <param name="fromServer">The peer is a server, which must not enable push (section 6.5.2).</param>
    /// <exception cref="Http2ConnectionException">A value is out of its range.</exception>
    public void Apply(ReadOnlySpan<byte> payload, bool fromServer)
    {
        for (; !payload.IsEmpty; payload = payload[6..])
        {
            var id = (SettingId)BinaryPrimitives.ReadUInt16BigEndian(payload);
            var value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            switch (id)
            {
                case SettingId.HeaderTableSize:
                    HeaderTableSize = Clamp(value);
                    break;
                case SettingId.EnablePush:
                    if (value > (fromServer ? 0u : 1u)) throw Invalid(id, value, fromServer ? "0 from a server" : "0 or 1");
                    break;
                case SettingId.MaxConcurrentStreams:
                    MaxConcurrentStreams = Clamp(value);
                    break;
                case SettingId.InitialWindowSize:
                    if (value > FlowWindow.Max)
                        throw new Http2ConnectionException(Http2ErrorCode.FlowControlError, $"SETTINGS_INITIAL_WINDOW_SIZE of {value}, allowed: at most {FlowWindow.Max}");
                    InitialWindowSize = (int)value;
                    break;
                case SettingId.MaxFrameSize:
                    if (value is < FrameRules.MinMaxFrameSize or > FrameRules.MaxMaxFrameSize)
                        throw Invalid(id, value, $"{FrameRules.MinMaxFrameSize} to {FrameRules.MaxMaxFrameSize}");
                    MaxFrameSize = (int)value;
                    break;
                case SettingId.MaxHeaderListSize:
                    MaxHeaderListSize = Clamp(value);
                    break;
                case SettingId.EnableConnectProtocol: // RFC 8441 section 3
                    if (value > 1) throw Invalid(id, value, "0 or 1");
                    break;
            }
        }
    }

    private static int Clamp(uint value) => (int)Math.Min(value, int.MaxValue);

    private static Http2ConnectionException Invalid(SettingId id, uint value, string allowed) =>
        new(Http2ErrorCode.ProtocolError, $"setting {id} of {value}, allowed: {allowed}");
}
