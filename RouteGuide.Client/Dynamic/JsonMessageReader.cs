using System.Text;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>
/// Reads a message of any type from its proto3 JSON form (https://protobuf.dev/programming-guides/json/). Fields may have either of their
/// names; what the type does not have is an error, and so is a field that is there twice.
/// </summary>
internal ref struct JsonMessageReader
{
    // A Struct takes three messages for one level of JSON.
    private const int MaxDepth = WireReader.MaxDepth;

    private readonly ReadOnlySpan<byte> _text;
    private readonly Func<string, MessageDescriptor?> _types;
    private readonly long _linesBefore;
    private readonly List<string> _path = [];
    private Utf8JsonReader _json;

    private JsonMessageReader(ReadOnlySpan<byte> text, Func<string, MessageDescriptor?> types, long linesBefore)
    {
        _text = text;
        _types = types;
        _linesBefore = linesBefore;
        _json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>Reads one document.</summary>
    /// <param name="text">The document in UTF-8.</param>
    /// <param name="type">What it must be.</param>
    /// <param name="types">Finds the types that an Any holds, by full name.</param>
    /// <param name="linesBefore">Lines in front of the document, for the place in messages.</param>
    /// <exception cref="JsonInputException">It is no such message.</exception>
    public static DynamicMessage Read(ReadOnlySpan<byte> text, MessageDescriptor type, Func<string, MessageDescriptor?> types, long linesBefore = 0)
    {
        var reader = new JsonMessageReader(text, types, linesBefore);
        try
        {
            reader.Next();
            var message = reader.ReadMessage(type);
            reader._json.Read();
            return message;
        }
        catch (JsonException problem)
        {
            // The place is said in our own way.
            var said = problem.Message.Split(" LineNumber:")[0].Split(" Change the reader options")[0];
            throw reader.At((int)(problem.LineNumber ?? 0), (int)(problem.BytePositionInLine ?? 0), said);
        }
    }

    private DynamicMessage ReadMessage(MessageDescriptor type)
    {
        var name = type.FullName;
        if (WellKnown.IsWrapper(name)) return new DynamicMessage(type).Set(1, ReadSingle(type.FindFieldByNumber(1)));
        return name switch
        {
            WellKnown.Timestamp => ReadTimes(type, WellKnown.ParseTimestamp, "a time such as \"2026-01-31T12:00:00Z\""),
            WellKnown.Duration => ReadTimes(type, WellKnown.ParseDuration, "a duration in seconds such as \"1.5s\""),
            WellKnown.FieldMask => ReadMask(type),
            WellKnown.Struct => ReadStruct(type),
            WellKnown.Value => ReadValue(type),
            WellKnown.ListValue => ReadList(type),
            WellKnown.Any => ReadAny(type),
            _ => ReadFields(type, isAny: false),
        };
    }

    private DynamicMessage ReadFields(MessageDescriptor type, bool isAny)
    {
        Expect(JsonTokenType.StartObject, $"an object with the fields of {type.FullName}");
        var message = new DynamicMessage(type);
        var seen = new HashSet<int>();
        while (NextName() is { } name)
        {
            if (isAny && name == "@type")
            {
                Next();
                continue;
            }

            if (Field(type, name) is not { } field) throw Wrong($"{type.FullName} has no field {Quote(name)}; {Suggest.From(name, type.Fields.InDeclarationOrder().Select(f => f.JsonName), "it has")}");
            if (!seen.Add(field.FieldNumber)) throw Wrong($"field {Quote(name)} is given twice");
            _path.Add(name);
            Next();
            ReadField(message, field);
            _path.RemoveAt(_path.Count - 1);
        }

        return message;
    }

    private void ReadField(DynamicMessage message, FieldDescriptor field)
    {
        // null is the absence of a value, but for the types that have it as one.
        if (_json.TokenType == JsonTokenType.Null && (field.IsRepeated || !TakesNull(field))) return;
        if (field.IsMap) ReadMap(message, field);
        else if (field.IsRepeated) ReadRepeated(message, field);
        else if (field.RealContainingOneof is { } oneof && message.Case(oneof) is { } other) throw Wrong($"only one field of the oneof '{oneof.Name}' may be given, and {Quote(other.JsonName)} is too");
        else message.Set(field, ReadSingle(field));
    }

    private void ReadRepeated(DynamicMessage message, FieldDescriptor field)
    {
        Expect(JsonTokenType.StartArray, "an array");
        for (var i = 0; NextItem(); i++)
        {
            _path.Add($"[{i}]");
            if (_json.TokenType == JsonTokenType.Null && !TakesNull(field)) throw Wrong("null cannot stand in an array");
            message.Add(field, ReadSingle(field));
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void ReadMap(DynamicMessage message, FieldDescriptor field)
    {
        Expect(JsonTokenType.StartObject, "an object, whose names are the keys of the map");
        var (key, value) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
        var seen = new HashSet<object>();
        while (NextName() is { } name)
        {
            _path.Add($"[{Quote(name)}]");
            var readKey = JsonScalars.Parse(key, name) ?? throw Wrong($"the key {Quote(name)} is not {JsonScalars.Describe(key)}");
            if (!seen.Add(readKey)) throw Wrong($"the key {Quote(name)} is given twice");
            Next();
            if (_json.TokenType == JsonTokenType.Null && !TakesNull(value)) throw Wrong("null cannot stand in a map");
            message.Add(field, new DynamicMessage(field.MessageType).Set(key, readKey).Set(value, ReadSingle(value)));
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private object ReadSingle(FieldDescriptor field)
    {
        if (field.FieldType is FieldType.Message or FieldType.Group) return ReadMessage(field.MessageType);
        var value = _json.TokenType switch
        {
            JsonTokenType.Null when field.FieldType == FieldType.Enum => 0,
            JsonTokenType.True when field.FieldType == FieldType.Bool => true,
            JsonTokenType.False when field.FieldType == FieldType.Bool => false,
            JsonTokenType.String when field.FieldType != FieldType.Bool => JsonScalars.Parse(field, Text()),
            JsonTokenType.Number when field.FieldType is not (FieldType.Bool or FieldType.String or FieldType.Bytes) => JsonScalars.Parse(field, Encoding.UTF8.GetString(_json.ValueSpan)),
            _ => null,
        };
        return value ?? throw Wrong($"{Token()} is not {JsonScalars.Describe(field)}");
    }

    private DynamicMessage ReadTimes(MessageDescriptor type, Func<string, (long Seconds, int Nanos)?> parse, string expected)
    {
        var (seconds, nanos) = (_json.TokenType == JsonTokenType.String ? parse(Text()) : null) ?? throw Wrong($"{Token()} is not {expected}");
        var message = new DynamicMessage(type);
        if (seconds != 0) message.Set(1, seconds);
        if (nanos != 0) message.Set(2, nanos);
        return message;
    }

    private DynamicMessage ReadMask(MessageDescriptor type)
    {
        const string Expected = "a field mask such as \"name,location.latitude\"";
        Expect(JsonTokenType.String, Expected);
        var message = new DynamicMessage(type);
        foreach (var path in Text().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            message.Add(type.FindFieldByNumber(1), WellKnown.ParseMask(path) ?? throw Wrong($"{Token()} is not {Expected}"));
        }

        return message;
    }

    private DynamicMessage ReadStruct(MessageDescriptor type)
    {
        Expect(JsonTokenType.StartObject, "an object");
        var message = new DynamicMessage(type);
        ReadMap(message, type.FindFieldByNumber(1));
        return message;
    }

    private DynamicMessage ReadList(MessageDescriptor type)
    {
        var message = new DynamicMessage(type);
        ReadRepeated(message, type.FindFieldByNumber(1));
        return message;
    }

    // Fields of google.protobuf.Value: null 1, number 2, string 3, bool 4, struct 5, list 6.
    private DynamicMessage ReadValue(MessageDescriptor type)
    {
        var number = _json.TokenType switch
        {
            JsonTokenType.Null => 1,
            JsonTokenType.Number => 2,
            JsonTokenType.String => 3,
            JsonTokenType.True or JsonTokenType.False => 4,
            JsonTokenType.StartObject => 5,
            _ => 6,
        };
        return new DynamicMessage(type).Set(number, ReadSingle(type.FindFieldByNumber(number)));
    }

    private DynamicMessage ReadAny(MessageDescriptor type)
    {
        Expect(JsonTokenType.StartObject, "an object with \"@type\"");
        var message = new DynamicMessage(type);
        if (AnyType() is not { } url) return message;
        var name = url[(url.LastIndexOf('/') + 1)..];
        if (_types(name) is not { } held) throw new JsonInputException(Place(_json.TokenStartIndex, $"the type {Quote(url)} is not known")) { UnknownType = name };
        var value = WellKnown.HasOwnJson(held.FullName) ? ReadAnyValue(held) : ReadFields(held, isAny: true);
        return message.Set(1, url).Set(2, WireWriter.Write(value));
    }

    private DynamicMessage ReadAnyValue(MessageDescriptor held)
    {
        DynamicMessage? value = null;
        while (NextName() is { } name)
        {
            Next();
            if (name == "@type") continue;
            if (name != "value" || value is not null) throw Wrong($"a {held.FullName} in an Any has \"@type\" and one \"value\", not {Quote(name)}");
            value = ReadMessage(held);
        }

        return value ?? throw Wrong($"a {held.FullName} in an Any needs a \"value\"");
    }

    // It may stand anywhere in the object, so it is looked for ahead. None, in an object without any field, is an empty Any.
    private readonly string? AnyType()
    {
        var ahead = this;
        string? found = null;
        var isEmpty = true;
        while (ahead.NextName() is { } name)
        {
            isEmpty = false;
            ahead.Next();
            if (name != "@type") ahead._json.Skip();
            else if (ahead._json.TokenType != JsonTokenType.String) throw ahead.Wrong("\"@type\" is not a string");
            else if (found is not null) throw ahead.Wrong("\"@type\" is given twice");
            else found = ahead.Text();
        }

        return found ?? (isEmpty ? null : throw Wrong("an Any needs \"@type\", such as \"type.googleapis.com/package.Message\""));
    }

    private static FieldDescriptor? Field(MessageDescriptor type, string name) =>
        type.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == name) ?? type.FindFieldByName(name);

    private static bool TakesNull(FieldDescriptor field) =>
        (field.FieldType == FieldType.Message && field.MessageType.FullName == WellKnown.Value) ||
        (field.FieldType == FieldType.Enum && field.EnumType.FullName == WellKnown.NullValue);

    private void Next()
    {
        if (!_json.Read()) throw Wrong("the text ends here");
    }

    private string? NextName()
    {
        Next();
        return _json.TokenType == JsonTokenType.EndObject ? null : Text();
    }

    private bool NextItem()
    {
        Next();
        return _json.TokenType != JsonTokenType.EndArray;
    }

    private readonly void Expect(JsonTokenType token, string expected)
    {
        if (_json.TokenType != token) throw Wrong($"{Token()} is not {expected}");
    }

    private readonly string Text()
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong("the string is not valid UTF-8, or has half of a surrogate pair");
        }
    }

    // As much of the token as a line has room for.
    private readonly string Token() => _json.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => Quote(Text()),
        _ => Encoding.UTF8.GetString(_json.ValueSpan[..Math.Min(_json.ValueSpan.Length, 60)]),
    };

    private static string Quote(string text) => $"\"{(text.Length > 60 ? text[..60] + "…" : text)}\"";

    private readonly JsonInputException Wrong(string what) => new(Place(_json.TokenStartIndex, what));

    private readonly JsonInputException At(int line, int byteInLine, string what)
    {
        var start = 0;
        for (; line > 0 && _text[start..].IndexOf((byte)'\n') is >= 0 and var end; line--) start += end + 1;
        return new JsonInputException(Place(Math.Min(start + byteInLine, _text.Length), what));
    }

    private readonly string Place(long offset, string what)
    {
        var before = _text[..(int)offset];
        var line = _linesBefore + before.Count((byte)'\n') + 1;
        var column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        var path = string.Join('.', _path).Replace(".[", "[", StringComparison.Ordinal);
        return $"line {line}, column {column}{(path.Length > 0 ? $", at {path}" : "")}: {what.TrimEnd('.')}{(what.EndsWith('?') ? "" : ".")}";
    }
}
