using System.Text;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>Collects the texts of one record. Each is cut at a length, so that no call can fill the ring alone.</summary>
internal sealed class RecordTexts
{
    private const int LongestPath = 4_096;
    private const int LongestOther = 1_024;

    private readonly byte[] _octets = new byte[LongestPath + (AccessRecord.TextCount - 1) * LongestOther];
    private int _used;
    private int _begin;

    public ReadOnlySpan<byte> Octets => _octets.AsSpan(0, _used);

    public void Clear() => _used = _begin = 0;

    /// <summary>Adds octets to the text that is next.</summary>
    public RecordTexts Add(ReadOnlySpan<byte> octets, bool isPath = false)
    {
        var count = Math.Min(octets.Length, Room(isPath));
        octets[..count].CopyTo(_octets.AsSpan(_used));
        _used += count;
        return this;
    }

    /// <summary>Adds characters to the text that is next; those beyond Latin-1 become question marks.</summary>
    public RecordTexts Add(ReadOnlySpan<char> text, bool isPath = false)
    {
        var count = Math.Min(text.Length, Room(isPath));
        _used += Encoding.Latin1.GetBytes(text[..count], _octets.AsSpan(_used));
        return this;
    }

    /// <summary>Adds a number to the text that is next.</summary>
    public RecordTexts Add(int number)
    {
        if (number.TryFormat(_octets.AsSpan(_used, Room(isPath: false)), out var count)) _used += count;
        return this;
    }

    /// <summary>Ends the text.</summary>
    public void End(ref AccessRecord record, RecordText text)
    {
        record.Lengths[(int)text] = (ushort)(_used - _begin);
        _begin = _used;
    }

    private int Room(bool isPath) => (isPath ? LongestPath : LongestOther) - (_used - _begin);
}
