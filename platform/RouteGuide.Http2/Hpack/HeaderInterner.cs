namespace RouteGuide.Http2.Hpack;

/// <summary>
/// Gives equal fields one entry across all connections of an event loop: ten thousand clients that send the same user-agent share one
/// object, and an encoder that has met it from one of them knows it from all. A direct-mapped table: a newcomer displaces who was
/// there, so that its size is fixed and no peer can do more than make it useless. Values that must not be indexed never get in.
/// </summary>
/// <param name="capacity">Entries; a power of two.</param>
/// <param name="maxSize">Entries larger than this (RFC 7541 section 4.1) are not kept, octets.</param>
internal sealed class HeaderInterner(int capacity = 1024, int maxSize = 512)
{
    private readonly HeaderEntry?[] _slots = new HeaderEntry?[int.IsPow2(capacity) ? capacity : throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "Must be a power of two.")];

    public HeaderEntry Intern(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Length + value.Length + HeaderEntry.Overhead > maxSize) return new HeaderEntry(name, value);
        ref var slot = ref _slots[HeaderEntry.HashOf(name, value) & (_slots.Length - 1)];
        if (slot is null || !slot.IsSame(name, value)) slot = new HeaderEntry(name, value);
        return slot;
    }
}
