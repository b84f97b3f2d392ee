using System.Buffers;

namespace RouteGuide.Http2;

/// <summary>Puts HEADERS and its CONTINUATIONs together (RFC 9113 section 4.3), within limits of octets, frames and time.</summary>
internal sealed class HeaderBlock(Http2Limits limits, MemoryLedger memory)
{
    private byte[]? _octets; // pooled, held only while a block is open
    private int _length;
    private int _continuations;

    /// <summary>The stream whose block is open: no other frame may come before its end. 0 if none is.</summary>
    public int StreamId { get; private set; }

    /// <summary>END_STREAM of the HEADERS.</summary>
    public bool EndStream { get; private set; }

    /// <summary>Milliseconds: when the block was begun.</summary>
    public long BegunMs { get; private set; }

    /// <summary>Octets that its array takes.</summary>
    public int Capacity => _octets?.Length ?? 0;

    public bool IsOpen => StreamId != 0;

    /// <summary>A HEADERS that is not the whole block.</summary>
    public void Begin(int streamId, bool endStream, ReadOnlySpan<byte> fragment, long nowMs)
    {
        StreamId = streamId;
        EndStream = endStream;
        BegunMs = nowMs;
        _continuations = 0;
        Append(fragment);
    }

    /// <summary>A CONTINUATION of it.</summary>
    public void Continue(ReadOnlySpan<byte> fragment)
    {
        if (++_continuations > limits.MaxContinuations)
            throw new Http2ConnectionException(Http2ErrorCode.EnhanceYourCalm, $"header block with more than {limits.MaxContinuations} CONTINUATION frames");
        Append(fragment);
    }

    /// <summary>The whole block; good until <see cref="Release"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        StreamId = 0;
        return _octets.AsSpan(0, _length);
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        StreamId = 0;
        _length = 0;
        if (_octets is null) return;
        memory.Add(-_octets.Length);
        ArrayPool<byte>.Shared.Return(_octets);
        _octets = null;
    }

    /// <summary>Throws if a block has more octets than allowed; also for one that came in a single frame.</summary>
    /// <exception cref="Http2ConnectionException">It has.</exception>
    public void CheckSize(int length)
    {
        if (length > limits.MaxHeaderBlockSize)
            throw new Http2ConnectionException(Http2ErrorCode.EnhanceYourCalm, $"header block of {length} octets or more, allowed: {limits.MaxHeaderBlockSize}");
    }

    private void Append(ReadOnlySpan<byte> fragment)
    {
        CheckSize(_length + fragment.Length);
        if (_octets is null || _octets.Length - _length < fragment.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + fragment.Length, Math.Min(limits.MaxHeaderBlockSize, 2 * _length)));
            memory.Add(larger.Length - (_octets?.Length ?? 0));
            _octets.AsSpan(0, _length).CopyTo(larger);
            if (_octets is not null) ArrayPool<byte>.Shared.Return(_octets);
            _octets = larger;
        }

        fragment.CopyTo(_octets.AsSpan(_length));
        _length += fragment.Length;
    }
}
