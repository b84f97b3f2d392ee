using System.Buffers.Binary;

namespace RouteGuide.Tests.Balancer.Steady;

/// <summary>
/// One end of an HTTP/2 connection on a thread of its own, which blocks: frames in and out of two fixed buffers, without an allocation. It knows
/// only what the balancer is known to send it.
/// </summary>
internal abstract class BlockingPeer(Stream transport)
{
    protected const int Data = 0;
    protected const int Headers = 1;
    protected const int Settings = 4;
    protected const int WindowUpdate = 8;
    protected const int EndStream = 1;
    protected const int EndHeaders = 4;

    private const int Reset = 3;
    private const int Ping = 6;
    private const int GoAway = 7;
    private const int Ack = 1;
    private const int CreditStep = 32 * 1024; // half of the window that a connection begins with

    private readonly byte[] _in = new byte[256 * 1024];
    private readonly byte[] _out = new byte[1024 * 1024];
    private int _start;
    private int _end;
    private int _outLength;
    private int _owed;

    /// <summary>Content that came, octets.</summary>
    public long Received { get; private set; }

    protected void PutOctets(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(_out.AsSpan(_outLength));
        _outLength += octets.Length;
    }

    protected void Put(int type, int flags, int streamId, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[9];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = (byte)type;
        header[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], streamId);
        PutOctets(header);
        PutOctets(payload);
    }

    protected void Flush()
    {
        if (_outLength == 0) return;
        transport.Write(_out.AsSpan(0, _outLength));
        _outLength = 0;
    }

    /// <summary>Blocks until octets come, and reports the frames in them.</summary>
    /// <returns>False at the end of the connection.</returns>
    protected bool ReadSome()
    {
        var count = transport.Read(_in.AsSpan(_end));
        if (count == 0) return false;
        _end += count;
        while (_end - _start >= 9)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(_in.AsSpan(_start)) >>> 8;
            if (_end - _start < 9 + length) break;
            var frame = _in.AsSpan(_start, 9 + length);
            _start += frame.Length;
            Receive(frame[3], frame[4], BinaryPrimitives.ReadInt32BigEndian(frame[5..]), frame[9..]);
        }

        _in.AsSpan(_start, _end - _start).CopyTo(_in);
        (_start, _end) = (0, _end - _start);
        return true;
    }

    /// <summary>HEADERS or DATA.</summary>
    protected abstract void OnMessage(int type, int flags, int streamId);

    private void Receive(int type, int flags, int streamId, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case Data:
                Received += payload.Length;
                _owed += payload.Length;
                OnMessage(type, flags, streamId);
                GiveCredit();
                break;
            case Headers:
                OnMessage(type, flags, streamId);
                break;
            case Settings or Ping when (flags & Ack) == 0:
                Put(type, Ack, 0, type == Ping ? payload : default);
                break;
            case Reset or GoAway:
                throw new InvalidOperationException($"frame {type} on stream {streamId}: {Convert.ToHexString(payload)} {System.Text.Encoding.ASCII.GetString(payload)}");
        }
    }

    private void GiveCredit()
    {
        if (_owed < CreditStep) return;
        Span<byte> increment = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, _owed);
        Put(WindowUpdate, 0, 0, increment);
        _owed = 0;
    }
}
