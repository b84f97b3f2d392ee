namespace RouteGuide.Http2.Hpack;

/// <summary>A string literal as it stands in a block (RFC 7541 section 5.2), not decoded yet.</summary>
internal readonly ref struct RawString
{
    private readonly ReadOnlySpan<byte> _octets;
    private readonly bool _huffman;

    private RawString(ReadOnlySpan<byte> octets, bool huffman)
    {
        _octets = octets;
        _huffman = huffman;
    }

    /// <summary>Octets that <see cref="Decode"/> writes at most.</summary>
    public int MaxLength => _huffman ? HuffmanDecoder.MaxDecodedLength(_octets.Length) : _octets.Length;

    /// <exception cref="Http2ConnectionException">The length does not fit the block.</exception>
    public static RawString Read(ref ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty) throw HpackDecoder.Error("a field that is cut off");
        var huffman = (block[0] & 0x80) != 0;
        if (!HpackInteger.TryRead(ref block, 7, out var length) || length > block.Length)
            throw HpackDecoder.Error("a string that is longer than the block");
        var octets = block[..length];
        block = block[length..];
        return new RawString(octets, huffman);
    }

    /// <returns>Octets written.</returns>
    /// <exception cref="Http2ConnectionException">The Huffman code is broken.</exception>
    public int Decode(Span<byte> destination)
    {
        if (!_huffman)
        {
            _octets.CopyTo(destination);
            return _octets.Length;
        }

        var written = HuffmanDecoder.Decode(_octets, destination);
        return written >= 0 ? written : throw HpackDecoder.Error("a string whose Huffman code holds EOS or ends wrongly");
    }
}
