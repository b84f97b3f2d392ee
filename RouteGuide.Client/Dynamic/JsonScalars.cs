using System.Globalization;
using System.Numerics;
using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>The scalars of protobuf in JSON: 64-bit numbers are strings, bytes are base64, enums are their names.</summary>
internal static class JsonScalars
{
    /// <summary>Reads the text of a number, of a string or of a map's key; null where it is no value of the field's type.</summary>
    public static object? Parse(FieldDescriptor field, string text) => field.FieldType switch
    {
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Whole<int>(text),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Whole<long>(text),
        FieldType.UInt32 or FieldType.Fixed32 => Whole<uint>(text),
        FieldType.UInt64 or FieldType.Fixed64 => Whole<ulong>(text),
        FieldType.Float => Real(text) is { } real && (!float.IsInfinity((float)real) || double.IsInfinity(real)) ? (float)real : null,
        FieldType.Double => Real(text),
        FieldType.Bool => text switch { "true" => true, "false" => false, _ => null },
        FieldType.String => text,
        FieldType.Bytes => Base64(text),
        FieldType.Enum => field.EnumType.FindValueByName(text)?.Number ?? Whole<int>(text),
        _ => null,
    };

    /// <summary>What a value of the field's type looks like, with its range.</summary>
    public static string Describe(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => $"a whole number from {int.MinValue} to {int.MaxValue}",
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => $"a whole number from {long.MinValue} to {long.MaxValue}",
        FieldType.UInt32 or FieldType.Fixed32 => $"a whole number from 0 to {uint.MaxValue}",
        FieldType.UInt64 or FieldType.Fixed64 => $"a whole number from 0 to {ulong.MaxValue}",
        FieldType.Float => $"a number within ±{float.MaxValue}, \"NaN\", \"Infinity\" or \"-Infinity\"",
        FieldType.Double => $"a number within ±{double.MaxValue}, \"NaN\", \"Infinity\" or \"-Infinity\"",
        FieldType.Bool => "true or false",
        FieldType.String => "a string",
        FieldType.Bytes => "a string of base64",
        FieldType.Enum => $"a value of {field.EnumType.FullName} ({string.Join(", ", field.EnumType.Values.Take(12).Select(value => value.Name))}{(field.EnumType.Values.Count > 12 ? ", …" : "")})",
        _ => $"a {field.MessageType.FullName}",
    };

    /// <summary>The text of a map's key.</summary>
    public static string Key(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string text => text,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>Writes a value that is no message.</summary>
    public static void Write(JsonText json, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case int number when field.FieldType == FieldType.Enum: WriteEnum(json, field.EnumType, number); break;
            case bool flag: json.Raw(flag ? "true" : "false"); break;
            case string text: json.String(text); break;
            case byte[] bytes: json.String(Convert.ToBase64String(bytes)); break;
            case long or ulong: json.String(Key(value)); break;
            case double or float: WriteReal(json, Convert.ToString(value, CultureInfo.InvariantCulture)!); break;
            default: json.Raw(Key(value)); break;
        }
    }

    private static void WriteEnum(JsonText json, EnumDescriptor type, int number)
    {
        // A value that nobody has named is its number.
        if (type.FullName == WellKnown.NullValue) json.Raw("null");
        else if (type.FindValueByNumber(number) is { } named) json.String(named.Name);
        else json.Raw(Key(number));
    }

    private static void WriteReal(JsonText json, string text)
    {
        if (char.IsAsciiDigit(text[^1])) json.Raw(text);
        else json.String(text);
    }

    // 1e3 and 5.0 are whole numbers too. The exponent is bounded, so that nobody has us work out 1e999999999.
    private static T? Whole<T>(string text) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return text.StartsWith('+') ? null : whole;
        if (text.StartsWith('+') || !decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)) return null;
        if (value != decimal.Truncate(value) || value < decimal.CreateChecked(T.MinValue) || value > decimal.CreateChecked(T.MaxValue)) return null;
        return T.CreateChecked(value);
    }

    private static double? Real(string text) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => !text.StartsWith('+')
            && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value) ? value : null,
    };

    // Either alphabet, with or without padding.
    private static byte[]? Base64(string text)
    {
        var standard = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        var bytes = new byte[(standard.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '='), bytes, out var written) ? bytes[..written] : null;
    }
}
