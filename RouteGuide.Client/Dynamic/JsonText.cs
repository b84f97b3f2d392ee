using System.Text;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Dynamic;

/// <summary>Puts JSON together, indented by two spaces or on one line, with nothing in it that a terminal would obey.</summary>
internal sealed class JsonText(bool indented)
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _isFirst = true;
    private bool _afterName;

    public void Open(char bracket)
    {
        Before();
        _text.Append(bracket);
        _depth++;
        _isFirst = true;
    }

    public void Close(char bracket)
    {
        _depth--;
        if (!_isFirst) NewLine();
        _text.Append(bracket);
        _isFirst = false;
    }

    public void Name(string name)
    {
        Before();
        Quote(name);
        _text.Append(indented ? ": " : ":");
        _afterName = true;
    }

    public void String(string value)
    {
        Before();
        Quote(value);
    }

    /// <summary>A number or literal as it is.</summary>
    public void Raw(string literal)
    {
        Before();
        _text.Append(literal);
    }

    public override string ToString() => _text.ToString();

    private void Before()
    {
        if (_afterName)
        {
            _afterName = false;
            return;
        }

        if (!_isFirst) _text.Append(',');
        if (_depth > 0) NewLine();
        _isFirst = false;
    }

    private void NewLine()
    {
        if (indented) _text.Append('\n').Append(' ', _depth * 2);
    }

    private void Quote(string text)
    {
        _text.Append('"');
        var rest = text.AsSpan();
        while (rest.IndexOfAny('"', '\\', '\n') is >= 0 and var special)
        {
            Printable.Append(_text, rest[..special]);
            _text.Append('\\').Append(rest[special] == '\n' ? 'n' : rest[special]);
            rest = rest[(special + 1)..];
        }

        Printable.Append(_text, rest);
        _text.Append('"');
    }
}
