using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>Writes messages as protobuf's wire format (https://protobuf.dev/programming-guides/encoding/), fields in the order of their numbers.</summary>
internal static class WireWriter
{
    public static byte[] Write(DynamicMessage message)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true)) WriteFields(output, message);
        return buffer.ToArray();
    }

    /// <summary>Whether values of a repeated field of this type may stand one after the other in one length-delimited field.</summary>
    public static bool IsPackable(FieldType type) => type is not (FieldType.String or FieldType.Bytes or FieldType.Message or FieldType.Group);

    public static WireFormat.WireType WireType(FieldType type) => type switch
    {
        FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => WireFormat.WireType.Fixed64,
        FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 => WireFormat.WireType.Fixed32,
        FieldType.String or FieldType.Bytes or FieldType.Message => WireFormat.WireType.LengthDelimited,
        FieldType.Group => WireFormat.WireType.StartGroup,
        _ => WireFormat.WireType.Varint,
    };

    private static void WriteFields(CodedOutputStream output, DynamicMessage message)
    {
        foreach (var (number, value) in message.Values)
        {
            var field = message.Descriptor.FindFieldByNumber(number);
            if (value is not List<object> list) WriteField(output, field, value);
            else if (IsPackable(field.FieldType) && field.IsPacked) WritePacked(output, field, list);
            else foreach (var item in list) WriteField(output, field, item);
        }
    }

    private static void WriteField(CodedOutputStream output, FieldDescriptor field, object value)
    {
        var kind = FieldKind.Of(field);
        output.WriteTag(field.FieldNumber, WireType(kind));
        if (kind == FieldType.Group)
        {
            WriteFields(output, (DynamicMessage)value);
            output.WriteTag(field.FieldNumber, WireFormat.WireType.EndGroup);
            return;
        }

        WriteValue(output, field.FieldType, value);
    }

    private static void WritePacked(CodedOutputStream output, FieldDescriptor field, List<object> values)
    {
        using var buffer = new MemoryStream();
        using (var packed = new CodedOutputStream(buffer, leaveOpen: true))
        {
            foreach (var value in values) WriteValue(packed, field.FieldType, value);
        }

        output.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    private static void WriteValue(CodedOutputStream output, FieldType type, object value)
    {
        switch (type)
        {
            case FieldType.Double: output.WriteDouble((double)value); break;
            case FieldType.Float: output.WriteFloat((float)value); break;
            case FieldType.Int32: output.WriteInt32((int)value); break;
            case FieldType.Int64: output.WriteInt64((long)value); break;
            case FieldType.UInt32: output.WriteUInt32((uint)value); break;
            case FieldType.UInt64: output.WriteUInt64((ulong)value); break;
            case FieldType.SInt32: output.WriteSInt32((int)value); break;
            case FieldType.SInt64: output.WriteSInt64((long)value); break;
            case FieldType.Fixed32: output.WriteFixed32((uint)value); break;
            case FieldType.Fixed64: output.WriteFixed64((ulong)value); break;
            case FieldType.SFixed32: output.WriteSFixed32((int)value); break;
            case FieldType.SFixed64: output.WriteSFixed64((long)value); break;
            case FieldType.Bool: output.WriteBool((bool)value); break;
            case FieldType.Enum: output.WriteEnum((int)value); break;
            case FieldType.String: output.WriteString((string)value); break;
            case FieldType.Bytes: output.WriteBytes(ByteString.CopyFrom((byte[])value)); break;
            case FieldType.Message: output.WriteBytes(ByteString.CopyFrom(Write((DynamicMessage)value))); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of the wire format");
        }
    }
}
