namespace RouteGuide.Http2.Hpack;

/// <summary>One field of a <see cref="HeaderList"/>: an interned entry, or octets that the list keeps.</summary>
internal readonly struct HeaderField
{
    private readonly bool _whole;

    public HeaderField(HeaderEntry entry, bool neverIndexed)
    {
        Entry = entry;
        _whole = true;
        Known = entry.Known;
        Fault = entry.Fault;
        NeverIndexed = neverIndexed;
    }

    public HeaderField(HeaderEntry? nameOf, int offset, int nameLength, int valueLength, KnownHeader known, HeaderFault fault, bool neverIndexed)
    {
        Entry = nameOf;
        Offset = offset;
        NameLength = nameLength;
        ValueLength = valueLength;
        Known = known;
        Fault = fault;
        NeverIndexed = neverIndexed;
    }

    /// <summary>The entry that is the field, or has its name; null if name and value are octets of the list.</summary>
    public HeaderEntry? Entry { get; }

    /// <summary>Name and value are those of <see cref="Entry"/>.</summary>
    public bool IsEntry => _whole;

    /// <summary>Where the list keeps the octets of name (if no entry has it) and value.</summary>
    public int Offset { get; }

    /// <summary>Octets of the name that the list keeps; 0 if an entry has it.</summary>
    public int NameLength { get; }

    /// <summary>Octets of the value that the list keeps.</summary>
    public int ValueLength { get; }

    public KnownHeader Known { get; }

    public HeaderFault Fault { get; }

    /// <summary>No encoder may put the value into a table (RFC 7541 section 7.1.3); it stays so on every hop.</summary>
    public bool NeverIndexed { get; }
}
