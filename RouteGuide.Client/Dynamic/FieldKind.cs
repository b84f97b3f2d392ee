using System.Runtime.CompilerServices;
using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>Tells groups from messages: the library's descriptors call both messages, and on the wire they differ.</summary>
internal static class FieldKind
{
    private static readonly ConditionalWeakTable<FieldDescriptor, StrongBox<FieldType>> Known = [];

    public static FieldType Of(FieldDescriptor field) => field.FieldType != FieldType.Message
        ? field.FieldType
        : Known.GetValue(field, static asked => new(asked.ToProto().Type == FieldDescriptorProto.Types.Type.Group ? FieldType.Group : FieldType.Message)).Value;
}
