using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>
/// Reads messages of any type from protobuf's wire format. Unknown fields, and known ones of another wire type, are passed over; of a
/// field that comes twice the last counts, and messages are merged, as the format wants it.
/// </summary>
internal static class WireReader
{
    /// <summary>How deep messages may be nested; as in Google's readers.</summary>
    public const int MaxDepth = 100;

    /// <exception cref="InvalidDataException">The bytes are no message.</exception>
    public static DynamicMessage Read(MessageDescriptor type, ReadOnlySpan<byte> bytes)
    {
        var message = new DynamicMessage(type);
        var cursor = new WireCursor(bytes);
        ReadFields(ref cursor, message, group: 0, depth: 1);
        return message;
    }

    // A message ends with its bytes; a group with a tag that has its number.
    private static void ReadFields(ref WireCursor cursor, DynamicMessage message, int group, int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException($"messages are nested more than {MaxDepth} deep");
        while (!cursor.IsAtEnd)
        {
            var (number, type) = cursor.Tag();
            if (type == WireFormat.WireType.EndGroup)
            {
                if (group > 0 && number == group) return;
                throw new InvalidDataException($"group {number} ends without having begun");
            }

            var field = message.Descriptor.FindFieldByNumber(number);
            if (field is null) cursor.Skip(number, type);
            else if (type == WireWriter.WireType(FieldKind.Of(field))) ReadField(ref cursor, message, field, depth);
            else if (type == WireFormat.WireType.LengthDelimited && field.IsRepeated && WireWriter.IsPackable(field.FieldType)) ReadPacked(cursor.LengthDelimited(), message, field);
            else cursor.Skip(number, type);
        }

        if (group > 0) throw new InvalidDataException($"group {group} does not end");
    }

    private static void ReadField(ref WireCursor cursor, DynamicMessage message, FieldDescriptor field, int depth)
    {
        if (field.FieldType is FieldType.Message or FieldType.Group)
        {
            // An earlier one is merged with.
            var known = field.IsRepeated ? null : message.Get(field.FieldNumber) as DynamicMessage;
            var inner = known ?? new DynamicMessage(field.MessageType);
            if (FieldKind.Of(field) == FieldType.Group)
            {
                ReadFields(ref cursor, inner, field.FieldNumber, depth + 1);
            }
            else
            {
                var nested = new WireCursor(cursor.LengthDelimited());
                ReadFields(ref nested, inner, group: 0, depth + 1);
            }

            if (field.IsRepeated) message.Add(field, inner);
            else message.Set(field, inner);
            return;
        }

        var value = Value(ref cursor, field.FieldType);
        if (field.IsRepeated) message.Add(field, value);
        else message.Set(field, value);
    }

    private static void ReadPacked(ReadOnlySpan<byte> bytes, DynamicMessage message, FieldDescriptor field)
    {
        var cursor = new WireCursor(bytes);
        while (!cursor.IsAtEnd) message.Add(field, Value(ref cursor, field.FieldType));
    }

    private static object Value(ref WireCursor cursor, FieldType type) => type switch
    {
        FieldType.Double => BitConverter.UInt64BitsToDouble(cursor.Fixed64()),
        FieldType.Float => BitConverter.UInt32BitsToSingle(cursor.Fixed32()),
        FieldType.Int32 or FieldType.Enum => (int)cursor.Varint(),
        FieldType.Int64 => (long)cursor.Varint(),
        FieldType.UInt32 => (uint)cursor.Varint(),
        FieldType.UInt64 => cursor.Varint(),
        FieldType.SInt32 => Unzigzag((uint)cursor.Varint()),
        FieldType.SInt64 => Unzigzag(cursor.Varint()),
        FieldType.Fixed32 => cursor.Fixed32(),
        FieldType.Fixed64 => cursor.Fixed64(),
        FieldType.SFixed32 => (int)cursor.Fixed32(),
        FieldType.SFixed64 => (long)cursor.Fixed64(),
        FieldType.Bool => cursor.Varint() != 0,
        FieldType.String => Encoding.UTF8.GetString(cursor.LengthDelimited()),
        FieldType.Bytes => cursor.LengthDelimited().ToArray(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a scalar type"),
    };

    private static int Unzigzag(uint value) => (int)(value >> 1) ^ -(int)(value & 1);

    private static long Unzigzag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
