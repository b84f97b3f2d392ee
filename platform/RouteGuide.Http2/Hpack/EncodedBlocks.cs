namespace RouteGuide.Http2.Hpack;

/// <summary>
/// What encoders of one event loop made of frozen lists: as long as an encoder's table has not changed, it would make the same octets of
/// the same list. Direct-mapped and of fixed size; a newcomer displaces who was there.
/// </summary>
internal sealed class EncodedBlocks
{
    private const int Places = 1024;
    private const int LongestBlock = 128;

    private struct Place
    {
        public long List;
        public long Encoder;
        public long Version;
        public int Length;
    }

    private readonly Place[] _places = new Place[Places];
    private readonly byte[] _octets = GC.AllocateUninitializedArray<byte>(Places * LongestBlock);
    private long _encoders;

    /// <summary>An id for an encoder.</summary>
    public long NewEncoder() => ++_encoders;

    /// <summary>Copies the block of a list if it is known; else returns 0.</summary>
    public int Copy(long list, long encoder, long version, Span<byte> destination)
    {
        var at = IndexOf(list, encoder);
        ref var place = ref _places[at];
        if (place.List != list || place.Encoder != encoder || place.Version != version) return 0;
        _octets.AsSpan(at * LongestBlock, place.Length).CopyTo(destination);
        return place.Length;
    }

    public void Keep(long list, long encoder, long version, ReadOnlySpan<byte> block)
    {
        if (block.Length > LongestBlock) return;
        var at = IndexOf(list, encoder);
        _places[at] = new Place { List = list, Encoder = encoder, Version = version, Length = block.Length };
        block.CopyTo(_octets.AsSpan(at * LongestBlock));
    }

    // The lists of one connection, and the encoders that meet one list, are neighbours in number: neither should collide.
    private static int IndexOf(long list, long encoder) => (int)((ulong)(list * 37 + encoder) % Places);
}
