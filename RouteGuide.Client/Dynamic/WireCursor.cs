using System.Buffers.Binary;
using Google.Protobuf;

namespace RouteGuide.Client.Dynamic;

/// <summary>Steps through bytes in protobuf's wire format. Whatever they are, it either moves on or throws.</summary>
internal ref struct WireCursor(ReadOnlySpan<byte> bytes)
{
    // Groups inside unknown groups; the same as for messages.
    private const int MaxDepth = 100;
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <exception cref="InvalidDataException">The bytes end here, or the tag has field number 0 or a wire type that does not exist.</exception>
    public (int Number, WireFormat.WireType Type) Tag()
    {
        var tag = Varint();
        if (tag > uint.MaxValue || tag >> 3 == 0 || (tag & 7) > 5) throw new InvalidDataException($"tag {tag} is none of the wire format");
        return ((int)(tag >> 3), (WireFormat.WireType)(tag & 7));
    }

    public ulong Varint()
    {
        ulong value = 0;
        for (var (i, shift) = (0, 0); i < 10; i++, shift += 7)
        {
            if (i == _rest.Length) throw Short();
            value |= (ulong)(_rest[i] & 0x7f) << shift;
            if (_rest[i] >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return value;
        }

        throw new InvalidDataException("a varint is longer than 10 bytes");
    }

    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> LengthDelimited()
    {
        var length = Varint();
        return length <= (ulong)_rest.Length ? Take((int)length) : throw Short();
    }

    /// <summary>Passes over a value whose tag has been read.</summary>
    public void Skip(int number, WireFormat.WireType type, int depth = 0)
    {
        switch (type)
        {
            case WireFormat.WireType.Varint: Varint(); break;
            case WireFormat.WireType.Fixed32: Fixed32(); break;
            case WireFormat.WireType.Fixed64: Fixed64(); break;
            case WireFormat.WireType.LengthDelimited: LengthDelimited(); break;
            case WireFormat.WireType.StartGroup: SkipGroup(number, depth + 1); break;
            default: throw new InvalidDataException($"group {number} ends without having begun");
        }
    }

    private void SkipGroup(int group, int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException($"groups are nested more than {MaxDepth} deep");
        while (true)
        {
            var (number, type) = Tag();
            if (type != WireFormat.WireType.EndGroup) Skip(number, type, depth);
            else if (number == group) return;
            else throw new InvalidDataException($"group {group} ends as {number}");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length) throw Short();
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static InvalidDataException Short() => new("the bytes end in the middle of a field");
}
