using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Reflection;

/// <summary>Everything that files declare, by full name; checks on the way what would trip up those who read messages by it.</summary>
internal sealed class SymbolTable
{
    public Dictionary<string, IDescriptor> Symbols { get; } = new(StringComparer.Ordinal);

    /// <exception cref="ReflectionException">A declaration cannot be right.</exception>
    public void Add(FileDescriptor file)
    {
        foreach (var type in file.MessageTypes) Add(type);
        foreach (var type in file.EnumTypes) Add(type);
        foreach (var service in file.Services)
        {
            AddSymbol(service);
            foreach (var method in service.Methods) AddSymbol(method);
        }
    }

    private void Add(MessageDescriptor type)
    {
        AddSymbol(type);
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            AddSymbol(field);
            if (field.IsMap) CheckMap(field);
        }

        foreach (var oneof in type.Oneofs) AddSymbol(oneof);
        foreach (var inner in type.NestedTypes) Add(inner);
        foreach (var inner in type.EnumTypes) Add(inner);
        CheckShape(type);
    }

    private void Add(EnumDescriptor type)
    {
        AddSymbol(type);
        foreach (var value in type.Values) Symbols.TryAdd(value.FullName, value);
    }

    private void AddSymbol(IDescriptor symbol) => Symbols.TryAdd(symbol.FullName, symbol);

    private static void CheckMap(FieldDescriptor field)
    {
        if (field.MessageType.FindFieldByNumber(1) is not { IsRepeated: false } key || field.MessageType.FindFieldByNumber(2) is not { IsRepeated: false }
            || key.FieldType is FieldType.Message or FieldType.Group or FieldType.Bytes or FieldType.Double or FieldType.Float or FieldType.Enum)
        {
            throw new ReflectionException($"the map {field.FullName} has no key, no value, or a key that cannot be one.");
        }
    }

    // The types with a JSON form of their own are read and written by these fields.
    private static void CheckShape(MessageDescriptor type)
    {
        (int Number, FieldType Type, bool IsRepeated)[] shape = type.FullName switch
        {
            Dynamic.WellKnown.Timestamp or Dynamic.WellKnown.Duration => [(1, FieldType.Int64, false), (2, FieldType.Int32, false)],
            Dynamic.WellKnown.Any => [(1, FieldType.String, false), (2, FieldType.Bytes, false)],
            Dynamic.WellKnown.FieldMask => [(1, FieldType.String, true)],
            Dynamic.WellKnown.Struct or Dynamic.WellKnown.ListValue => [(1, FieldType.Message, true)],
            Dynamic.WellKnown.Value =>
            [
                (1, FieldType.Enum, false), (2, FieldType.Double, false), (3, FieldType.String, false), (4, FieldType.Bool, false), (5, FieldType.Message, false), (6, FieldType.Message, false),
            ],
            _ => [],
        };
        var isWhole = shape.All(wanted => type.FindFieldByNumber(wanted.Number) is { } field && field.FieldType == wanted.Type && field.IsRepeated == wanted.IsRepeated)
            && (type.FullName != Dynamic.WellKnown.Struct || type.FindFieldByNumber(1).IsMap)
            && (!Dynamic.WellKnown.IsWrapper(type.FullName) || type.FindFieldByNumber(1) is { IsRepeated: false, FieldType: not (FieldType.Message or FieldType.Group) });
        if (!isWhole) throw new ReflectionException($"the server's {type.FullName} is not the one that everyone else has.");
    }
}
