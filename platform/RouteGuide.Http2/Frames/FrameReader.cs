using System.Buffers;

namespace RouteGuide.Http2.Frames;

/// <summary>
/// Cuts a byte stream into frames, wherever the reads end. Only the beginning of a frame that is not DATA is ever kept
/// (at most <see cref="MaxFrameSize"/> + 9 octets, in a pooled array held only while it is needed).
/// </summary>
/// <param name="memory">Is told what is kept.</param>
internal sealed class FrameReader(MemoryLedger? memory = null)
{
    private enum Step
    {
        /// <summary>Between frames, or collecting one that is not DATA.</summary>
        Frame,

        /// <summary>A padded DATA frame whose pad length octet has not come yet.</summary>
        PadLength,

        /// <summary>Content of a DATA frame.</summary>
        Content,

        /// <summary>Octets nobody wants: padding of DATA, payload of an unknown type.</summary>
        Skip,
    }

    private readonly byte[] _head = new byte[FrameHeader.Size];
    private byte[]? _carry; // header + payload so far of a frame that was cut
    private int _have; // octets in _head, or in _carry once it is rented
    private bool _carryHandedOut;
    private Step _step;
    private FrameHeader _header;
    private int _content; // octets of DATA content still to come
    private int _skip; // octets to drop after the content
    private int _overhead;
    private bool _first;

    /// <summary>What this end allows a payload to be (SETTINGS_MAX_FRAME_SIZE as announced).</summary>
    public int MaxFrameSize { get; set; } = FrameRules.MinMaxFrameSize;

    /// <summary>Frames of unknown type that were dropped since the last call of <see cref="TakeUnknownCount"/>.</summary>
    private int _unknown;

    /// <summary>True while a frame has begun and not ended: a peer that stops here is waiting for nothing.</summary>
    public bool InFrame => _have > 0 || (_carry is not null && !_carryHandedOut) || _step != Step.Frame;

    public int TakeUnknownCount()
    {
        var count = _unknown;
        _unknown = 0;
        return count;
    }

    /// <summary>Takes octets from the front of <paramref name="input"/> until a piece is complete.</summary>
    /// <returns>False if all input is consumed and no piece came of it.</returns>
    /// <param name="input">What has been received; on return, what is left of it.</param>
    /// <param name="piece">Valid until the next call.</param>
    /// <exception cref="Http2ConnectionException">The frame breaks a rule of RFC 9113 section 4 or 6 that its header shows.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> input, out FramePiece piece)
    {
        piece = default;
        if (_carryHandedOut) ReleaseCarry();
        while (true)
        {
            switch (_step)
            {
                case Step.Frame:
                    if (!TryHeader(ref input)) return false;
                    if (_step != Step.Frame) continue;
                    return TryWhole(ref input, out piece);
                case Step.PadLength:
                    if (input.IsEmpty) return false;
                    BeginPadded(input[0]);
                    input = input[1..];
                    continue;
                case Step.Content:
                    return TryContent(ref input, out piece);
                case Step.Skip:
                    var dropped = Math.Min(_skip, input.Length);
                    input = input[dropped..];
                    _skip -= dropped;
                    if (_skip > 0) return false;
                    _step = Step.Frame;
                    continue;
            }
        }
    }

    /// <summary>Gives the pooled memory back; the reader is not used afterwards.</summary>
    public void Release() => ReleaseCarry();

    // On return with true _header is set; of a frame to collect, its header octets are either gone (nothing kept) or in _carry.
    private bool TryHeader(ref ReadOnlySpan<byte> input)
    {
        if (_carry is not null) return true;
        if (_have == 0 && input.Length >= FrameHeader.Size)
        {
            _header = FrameHeader.Read(input);
            input = input[FrameHeader.Size..];
        }
        else
        {
            var taken = Math.Min(FrameHeader.Size - _have, input.Length);
            input[..taken].CopyTo(_head.AsSpan(_have));
            _have += taken;
            input = input[taken..];
            if (_have < FrameHeader.Size) return false;
            _header = FrameHeader.Read(_head);
            _have = 0;
        }

        FrameRules.Check(_header, MaxFrameSize);
        if (_header.Type == FrameType.Data)
        {
            BeginData();
        }
        else if (_header.Type > FrameType.Continuation)
        {
            _unknown++;
            _skip = _header.Length;
            _step = Step.Skip;
        }

        return true;
    }

    private bool TryWhole(ref ReadOnlySpan<byte> input, out FramePiece piece)
    {
        var length = _header.Length;
        ReadOnlySpan<byte> payload;
        if (_carry is null && input.Length >= length)
        {
            payload = input[..length];
            input = input[length..];
        }
        else
        {
            _carry ??= RentCarry(length);
            var taken = Math.Min(length - _have, input.Length);
            input[..taken].CopyTo(_carry.AsSpan(_have));
            _have += taken;
            input = input[taken..];
            if (_have < length)
            {
                piece = default;
                return false;
            }

            payload = _carry.AsSpan(0, length);
            _have = 0;
            _carryHandedOut = true;
        }

        piece = new FramePiece { Header = _header, Payload = payload, IsFirst = true, IsLast = true };
        return true;
    }

    private void BeginData()
    {
        _first = true;
        _overhead = 0;
        _skip = 0;
        _content = _header.Length;
        _step = Step.Content;
        if (!_header.Has(FrameFlags.Padded)) return;
        // Section 6.1: padding that fills the frame or more is a connection error; so is no room for the pad length.
        if (_header.Length == 0) throw new Http2ConnectionException(Http2ErrorCode.FrameSizeError, "padded DATA without a pad length");
        _step = Step.PadLength;
    }

    private void BeginPadded(int padding)
    {
        if (padding >= _header.Length)
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"DATA with {padding} octets of padding in a frame of {_header.Length}");
        _overhead = padding + 1;
        _skip = padding;
        _content = _header.Length - _overhead;
        _step = Step.Content;
    }

    private bool TryContent(ref ReadOnlySpan<byte> input, out FramePiece piece)
    {
        if (input.IsEmpty && _content > 0)
        {
            piece = default;
            return false;
        }

        var taken = Math.Min(_content, input.Length);
        _content -= taken;
        piece = new FramePiece { Header = _header, Payload = input[..taken], IsFirst = _first, IsLast = _content == 0, Overhead = _overhead };
        input = input[taken..];
        _first = false;
        if (_content == 0) _step = _skip > 0 ? Step.Skip : Step.Frame;
        return true;
    }

    private byte[] RentCarry(int length)
    {
        var carry = ArrayPool<byte>.Shared.Rent(length);
        memory?.Add(carry.Length);
        return carry;
    }

    private void ReleaseCarry()
    {
        if (_carry is null) return;
        memory?.Add(-_carry.Length);
        ArrayPool<byte>.Shared.Return(_carry);
        _carry = null;
        _carryHandedOut = false;
        _have = 0;
    }
}
