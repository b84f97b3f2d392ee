using System.Globalization;
using System.Text;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>Writes the fields of a line in one of the formats. What is missing is a hyphen in text, and null in JSON.</summary>
internal interface IFieldWriter
{
    void Begin(LineBuffer line);

    void End(LineBuffer line);

    void Word(LineBuffer line, string name, string? value);

    void Quoted(LineBuffer line, string name, ReadOnlySpan<byte> value);

    /// <summary>0 is none.</summary>
    void Status(LineBuffer line, string name, int value);

    void Number(LineBuffer line, string name, long value);

    /// <summary>A number as somebody wrote it; null if there is none. JSON, whose fields have one type, has null for what is no whole number too.</summary>
    void Digits(LineBuffer line, string name, string? value);

    /// <param name="line">Where to.</param>
    /// <param name="name">Of the field.</param>
    /// <param name="ticks">Of 100 ns; -1 stands for itself.</param>
    void Seconds(LineBuffer line, string name, long ticks);

    void Time(LineBuffer line, string name, DateTimeOffset value);
}

/// <summary>Values alone, separated by spaces.</summary>
internal sealed class TextFields : IFieldWriter
{
    public static readonly TextFields Instance = new();

    public void Begin(LineBuffer line)
    {
        // The first value says what it is.
    }

    // Over the space behind the last value.
    public void End(LineBuffer line) => line.CutOne().Raw("\n"u8);

    public void Word(LineBuffer line, string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) line.Raw("- "u8);
        else line.Escaped(Encoding.UTF8.GetBytes(value), spaces: false).Raw(" "u8);
    }

    public void Quoted(LineBuffer line, string name, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) line.Raw("\"-\" "u8);
        else line.Raw("\""u8).Escaped(value, spaces: true).Raw("\" "u8);
    }

    public void Status(LineBuffer line, string name, int value)
    {
        if (value == 0) line.Raw("- "u8);
        else line.Number(value).Raw(" "u8);
    }

    public void Number(LineBuffer line, string name, long value) => line.Number(value).Raw(" "u8);

    public void Digits(LineBuffer line, string name, string? value) => Word(line, name, value);

    public void Seconds(LineBuffer line, string name, long ticks)
    {
        if (ticks < 0) line.Raw("-1 "u8);
        else line.Seconds(ticks).Raw(" "u8);
    }

    public void Time(LineBuffer line, string name, DateTimeOffset value) => line.Time(value).Raw(" "u8);
}

/// <summary>An object with the names of the fields, their colons replaced by underscores.</summary>
internal sealed class JsonFields : IFieldWriter
{
    public static readonly JsonFields Instance = new();

    public void Begin(LineBuffer line) => line.Raw("{"u8);

    // Over the comma behind the last value.
    public void End(LineBuffer line) => line.CutOne().Raw("}\n"u8);

    public void Word(LineBuffer line, string name, string? value) => Quoted(line, name, value is null ? default : Encoding.UTF8.GetBytes(value));

    public void Quoted(LineBuffer line, string name, ReadOnlySpan<byte> value)
    {
        Name(line, name);
        if (value.IsEmpty) line.Raw("null,"u8);
        else line.Json(value).Raw(","u8);
    }

    public void Status(LineBuffer line, string name, int value)
    {
        Name(line, name);
        if (value == 0) line.Raw("null,"u8);
        else line.Number(value).Raw(","u8);
    }

    public void Number(LineBuffer line, string name, long value)
    {
        Name(line, name);
        line.Number(value).Raw(","u8);
    }

    public void Digits(LineBuffer line, string name, string? value)
    {
        Name(line, name);
        if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) line.Number(number).Raw(","u8);
        else line.Raw("null,"u8);
    }

    public void Seconds(LineBuffer line, string name, long ticks)
    {
        Name(line, name);
        if (ticks < 0) line.Raw("null,"u8);
        else line.Seconds(ticks).Raw(","u8);
    }

    public void Time(LineBuffer line, string name, DateTimeOffset value)
    {
        Name(line, name);
        line.Raw("\""u8).Time(value).Raw("\","u8);
    }

    private static void Name(LineBuffer line, string name) => line.Raw("\""u8).Raw(name.Replace(':', '_')).Raw("\":"u8);
}
