using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>What a field that is not set counts as.</summary>
internal static class Defaults
{
    /// <summary>Zero, empty, or the first value of the enum. A default that a proto2 file states is the reader's business and is not looked at.</summary>
    /// <exception cref="ArgumentException">The field is a message, which has no default.</exception>
    public static object Of(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => 0,
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => 0L,
        FieldType.UInt32 or FieldType.Fixed32 => 0u,
        FieldType.UInt64 or FieldType.Fixed64 => 0UL,
        FieldType.Float => 0f,
        FieldType.Double => 0d,
        FieldType.Bool => false,
        FieldType.String => "",
        FieldType.Bytes => Array.Empty<byte>(),
        FieldType.Enum => field.EnumType.Values.Count > 0 ? field.EnumType.Values[0].Number : 0,
        _ => throw new ArgumentException($"{field.FullName} is a message.", nameof(field)),
    };
}
