using System.Text;

namespace RouteGuide.Http2.Hpack;

/// <summary>
/// A header field that never changes: what the tables hold and what headers are compared by. Everything a rule asks about is worked out
/// once, here. One entry is usually met many thousand times, on its way from one connection's table to another's.
/// </summary>
internal sealed class HeaderEntry
{
    /// <summary>What an entry counts beyond its octets (RFC 7541 section 4.1, RFC 9113 section 6.5.2).</summary>
    public const int Overhead = 32;

    private readonly byte[] _octets; // name, then value
    private readonly int _nameLength;

    /// <summary>Makes an entry; only the static table says which index it has there.</summary>
    public HeaderEntry(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int staticIndex = 0)
    {
        _octets = new byte[name.Length + value.Length];
        name.CopyTo(_octets);
        value.CopyTo(_octets.AsSpan(name.Length));
        _nameLength = name.Length;
        Size = _octets.Length + Overhead;
        Known = KnownHeaders.Find(name);
        Fault = FieldSyntax.Check(Known, name, value);
        Hash = HashOf(name, value);
        StaticNameIndex = staticIndex > 0 ? staticIndex : StaticTable.NameIndex(name);
        StaticIndex = staticIndex > 0 || StaticNameIndex == 0 ? staticIndex : StaticTable.Index(name, value);
    }

    public HeaderEntry(string name, string value)
        : this(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value))
    {
    }

    public ReadOnlySpan<byte> Name => _octets.AsSpan(0, _nameLength);

    public ReadOnlySpan<byte> Value => _octets.AsSpan(_nameLength);

    public KnownHeader Known { get; }

    /// <summary>What is wrong with the field whatever stands beside it.</summary>
    public HeaderFault Fault { get; }

    /// <summary>Of name and value; equal for equal fields.</summary>
    public int Hash { get; }

    /// <summary>1 to 61 if the whole field is in the static table, else 0.</summary>
    public int StaticIndex { get; }

    /// <summary>An entry of the static table with this name, or 0.</summary>
    public int StaticNameIndex { get; }

    /// <summary>What the entry counts in a table or a list, octets.</summary>
    public int Size { get; }

    public static int HashOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var hash = default(HashCode);
        hash.AddBytes(name);
        hash.Add(name.Length); // so that moving an octet from the name to the value is another field
        hash.AddBytes(value);
        return hash.ToHashCode();
    }

    public bool IsSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Name.SequenceEqual(name) && Value.SequenceEqual(value);

    public override string ToString() => $"{Encoding.Latin1.GetString(Name)}: {Encoding.Latin1.GetString(Value)}";
}
