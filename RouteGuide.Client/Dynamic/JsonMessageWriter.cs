using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>
/// Writes messages of any type in their proto3 JSON form (https://protobuf.dev/programming-guides/json/), fields in the order of their
/// numbers. What has no such form, a time in the year 20000 or an Any of a type that nobody knows, is shown field by field: the text is for
/// people first, and a bad value must not hide the good ones.
/// </summary>
internal sealed class JsonMessageWriter(Func<string, MessageDescriptor?> types, bool emitDefaults, bool indented)
{
    private readonly JsonText _json = new(indented);
    private readonly HashSet<string> _unknownTypes = new(StringComparer.Ordinal);

    /// <summary>Types that an Any names and that were not found.</summary>
    public IReadOnlyCollection<string> UnknownTypes => _unknownTypes;

    public string Write(DynamicMessage message)
    {
        WriteMessage(message);
        return _json.ToString();
    }

    private void WriteMessage(DynamicMessage message)
    {
        if (WriteWellKnown(message)) return;
        _json.Open('{');
        WriteFields(message);
        _json.Close('}');
    }

    private void WriteFields(DynamicMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            var value = message.Get(field.FieldNumber);
            if (value is null && !(emitDefaults && HasDefault(field))) continue;
            // Without presence, zero on the wire is no more than absence.
            if (!emitDefaults && value is not null && !field.IsRepeated && !field.HasPresence && value is not DynamicMessage && IsZero(field, value)) continue;
            _json.Name(field.JsonName);
            if (field.IsMap) WriteMap(field, message.List(field.FieldNumber));
            else if (field.IsRepeated) WriteList(field, message.List(field.FieldNumber));
            else WriteSingle(field, value ?? Defaults.Of(field));
        }
    }

    private static bool HasDefault(FieldDescriptor field) => field.IsRepeated || !field.HasPresence;

    private static bool IsZero(FieldDescriptor field, object value) => value switch
    {
        byte[] bytes => bytes.Length == 0,
        // -0 is not 0: it has a sign to lose.
        double real => BitConverter.DoubleToInt64Bits(real) == 0,
        float real => BitConverter.SingleToInt32Bits(real) == 0,
        _ => value.Equals(Defaults.Of(field)),
    };

    private void WriteSingle(FieldDescriptor field, object value)
    {
        if (value is DynamicMessage message) WriteMessage(message);
        else JsonScalars.Write(_json, field, value);
    }

    private void WriteList(FieldDescriptor field, IReadOnlyList<object> values)
    {
        _json.Open('[');
        foreach (var value in values) WriteSingle(field, value);
        _json.Close(']');
    }

    private void WriteMap(FieldDescriptor field, IReadOnlyList<object> entries)
    {
        var (keyField, valueField) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
        // The last entry of a key counts.
        var last = new Dictionary<object, object>();
        foreach (var entry in entries.Cast<DynamicMessage>())
        {
            last[entry.Get(1) ?? Defaults.Of(keyField)] = entry.Get(2) ?? (valueField.FieldType == FieldType.Message ? new DynamicMessage(valueField.MessageType) : Defaults.Of(valueField));
        }

        _json.Open('{');
        foreach (var (key, value) in last)
        {
            _json.Name(JsonScalars.Key(key));
            WriteSingle(valueField, value);
        }

        _json.Close('}');
    }

    // False for types that are written as their fields.
    private bool WriteWellKnown(DynamicMessage message)
    {
        var type = message.Descriptor;
        if (WellKnown.IsWrapper(type.FullName))
        {
            var field = type.FindFieldByNumber(1);
            WriteSingle(field, message.Get(1) ?? Defaults.Of(field));
            return true;
        }

        switch (type.FullName)
        {
            case WellKnown.Timestamp: return WriteText(WellKnown.TimestampText(message.Get(1) as long? ?? 0, message.Get(2) as int? ?? 0));
            case WellKnown.Duration: return WriteText(WellKnown.DurationText(message.Get(1) as long? ?? 0, message.Get(2) as int? ?? 0));
            case WellKnown.FieldMask:
                var paths = message.List(1).Select(path => WellKnown.MaskText((string)path)).ToList();
                return !paths.Contains(null) && WriteText(string.Join(',', paths));
            case WellKnown.Struct:
                WriteMap(type.FindFieldByNumber(1), message.List(1));
                return true;
            case WellKnown.ListValue:
                WriteList(type.FindFieldByNumber(1), message.List(1));
                return true;
            case WellKnown.Value:
                WriteValue(message);
                return true;
            case WellKnown.Any: return WriteAny(message);
            default: return false;
        }
    }

    private bool WriteText(string? text)
    {
        if (text is not null) _json.String(text);
        return text is not null;
    }

    private void WriteValue(DynamicMessage message)
    {
        var (number, value) = message.Values.FirstOrDefault();
        if (value is null) _json.Raw("null");
        else WriteSingle(message.Descriptor.FindFieldByNumber(number), value);
    }

    private bool WriteAny(DynamicMessage message)
    {
        var url = message.Get(1) as string ?? "";
        if (url.Length == 0) return false;
        var name = url[(url.LastIndexOf('/') + 1)..];
        if (types(name) is not { } held)
        {
            _unknownTypes.Add(name);
            return false;
        }

        DynamicMessage value;
        try
        {
            value = WireReader.Read(held, message.Get(2) as byte[] ?? []);
        }
        catch (InvalidDataException)
        {
            // Shown as the bytes that it is.
            return false;
        }

        _json.Open('{');
        _json.Name("@type");
        _json.String(url);
        if (WellKnown.HasOwnJson(held.FullName))
        {
            _json.Name("value");
            WriteMessage(value);
        }
        else
        {
            WriteFields(value);
        }

        _json.Close('}');
        return true;
    }
}
