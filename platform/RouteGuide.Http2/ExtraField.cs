using RouteGuide.Http2.Hpack;

namespace RouteGuide.Http2;

/// <summary>A field behind those of a list, for a value that is another one in every message while the list is not.</summary>
/// <param name="name">Lower case; empty for no field.</param>
/// <param name="value">As it goes out.</param>
internal readonly ref struct ExtraField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>What it counts, octets; 0 if there is none.</summary>
    public int Size => Name.IsEmpty ? 0 : Name.Length + Value.Length + HeaderEntry.Overhead;
}
