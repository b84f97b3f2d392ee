using System.Buffers.Binary;
using System.Net.Sockets;

namespace RouteGuide.Bench.Backend;

/// <summary>
/// One connection of the backend: RFC 9113 as far as a proxy that behaves needs it. Header blocks are skipped unread (nothing depends on
/// them), answers are canned, all answers to what one read brought leave in one write. What it does not understand ends the connection.
/// </summary>
internal sealed class BackendConnection : IDisposable
{
    private const int FrameHeader = 9;
    private const int MaxFrame = 16_384;
    private const int PauseReading = 1 << 20;
    private const int ReceiveCredit = 1 << 24;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly Socket _socket;
    private readonly Epoll _epoll;
    private readonly byte[] _input = new byte[64 * 1024];
    private readonly ResponseWriter _responses = new();
    private readonly Dictionary<int, byte[]> _partial = [];
    private int _filled;
    private int _uncredited;
    private bool _isOpen;
    private uint _watched = Epoll.Readable;

    public BackendConnection(Socket socket, Epoll epoll)
    {
        _socket = socket;
        _epoll = epoll;
        Descriptor = (int)socket.SafeHandle.DangerousGetHandle();
    }

    public int Descriptor { get; }

    /// <summary>Reads, answers and writes. False when the connection has ended.</summary>
    public bool OnReady(uint events)
    {
        if ((events & ~Epoll.Writable) != 0 && (_watched & Epoll.Readable) != 0)
        {
            var received = Epoll.Receive(Descriptor, _input.AsSpan(_filled));
            if (received == 0) return false;
            if (received > 0)
            {
                _filled += received;
                if (!Consume()) return false;
            }
        }
        else if ((events & ~(Epoll.Readable | Epoll.Writable)) != 0)
        {
            return false;
        }

        return Flush();
    }

    public void Dispose() => _socket.Dispose();

    private bool Flush()
    {
        // A few buffers at a time, so that one connection with much to send does not starve the others.
        var isBlocked = false;
        for (var turn = 0; turn < 4 && !isBlocked; turn++)
        {
            _responses.Pump();
            if (_responses.Output.IsEmpty) break;
            var sent = Epoll.Send(Descriptor, _responses.Output);
            if (sent == 0) return false;
            isBlocked = sent < _responses.Output.Length;
            if (sent > 0) _responses.Sent(sent);
        }

        var wanted = (_responses.Output.Length < PauseReading ? Epoll.Readable : 0) | (_responses.HasMore ? Epoll.Writable : 0);
        if (wanted == _watched) return true;
        _watched = wanted;
        _epoll.Change(Descriptor, wanted);
        return true;
    }

    private bool Consume()
    {
        var input = _input.AsSpan(0, _filled);
        if (!_isOpen)
        {
            if (input.Length < Preface.Length) return true;
            if (!input.StartsWith(Preface)) return false;
            input = input[Preface.Length..];
            _isOpen = true;
            _responses.Settings();
        }

        while (input.Length >= FrameHeader)
        {
            var length = (input[0] << 16) | (input[1] << 8) | input[2];
            if (length > MaxFrame) return false;
            if (input.Length < FrameHeader + length) break;
            var stream = BinaryPrimitives.ReadInt32BigEndian(input[5..]) & int.MaxValue;
            if (!OnFrame(input[3], input[4], stream, input.Slice(FrameHeader, length))) return false;
            input = input[(FrameHeader + length)..];
        }

        input.CopyTo(_input);
        _filled = input.Length;
        return true;
    }

    private bool OnFrame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        const byte End = 0x1, Ack = 0x1, Padded = 0x8;
        switch (type)
        {
            case 0x0:
                _uncredited += payload.Length;
                if (_uncredited > ReceiveCredit)
                {
                    _responses.Credit(_uncredited);
                    _uncredited = 0;
                }

                if ((flags & Padded) != 0) payload = payload[1..^payload[0]];
                return OnData(stream, payload, (flags & End) != 0);

            // A request without a body is answered like one that asks for the plain reply.
            case 0x1 when (flags & End) != 0:
                return OnData(stream, [], isEnd: true);

            case 0x1:
                return _responses.Begin(stream);

            case 0x3:
                _partial.Remove(stream);
                _responses.Reset(stream);
                return true;

            case 0x4 when (flags & Ack) == 0:
                return _responses.OnSettings(payload);

            case 0x6 when (flags & Ack) == 0:
                return _responses.Pong(payload);

            case 0x8:
                return _responses.OnWindowUpdate(stream, payload);

            default:
                return true;
        }
    }

    private bool OnData(int stream, ReadOnlySpan<byte> data, bool isEnd)
    {
        if (_partial.Count > 0 && _partial.Remove(stream, out var before)) data = (byte[])[.. before, .. data];
        if (data.Length > CallShape.RequestSize) return false;
        if (!isEnd)
        {
            _partial[stream] = data.ToArray();
            return true;
        }

        var shape = CallShape.Unary;
        if (data.Length > 0 && !CallShape.TryRead(data, out shape)) return false;
        _responses.Answer(stream, shape);
        return true;
    }
}
