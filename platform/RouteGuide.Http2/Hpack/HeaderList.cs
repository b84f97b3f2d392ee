using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace RouteGuide.Http2.Hpack;

/// <summary>
/// The fields of one message in their order. Fields that a table holds are references to their entry; others are octets in an array of the
/// list, which is used again for the next message, so that a list in use for a while allocates nothing.
/// </summary>
/// <param name="memory">Is told when the list grows; null for one that is not counted.</param>
internal sealed class HeaderList(MemoryLedger? memory = null)
{
    private HeaderField[] _fields = new HeaderField[16];
    private byte[] _octets = [];
    private int _used;

    /// <summary>Set if the list never changes again.</summary>
    public FrozenHeaders? Frozen { get; private init; }

    public int Count { get; private set; }

    /// <summary>Name and value octets plus 32 per field, as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113 section 6.5.2).</summary>
    public int Size { get; private set; }

    /// <summary>Octets that its arrays take.</summary>
    public int Capacity => _fields.Length * Unsafe.SizeOf<HeaderField>() + _octets.Length;

    public ref readonly HeaderField this[int index] => ref Fields[index];

    public ReadOnlySpan<HeaderField> Fields => _fields.AsSpan(0, Count);

    public ReadOnlySpan<byte> Name(int index) => Name(in this[index]);

    public ReadOnlySpan<byte> Value(int index) => Value(in this[index]);

    public ReadOnlySpan<byte> Name(in HeaderField field) => field.Entry is not null ? field.Entry.Name : _octets.AsSpan(field.Offset, field.NameLength);

    public ReadOnlySpan<byte> Value(in HeaderField field) =>
        field.IsEntry ? field.Entry!.Value : _octets.AsSpan(field.Offset + field.NameLength, field.ValueLength);

    /// <summary>The first field with this name, or -1.</summary>
    public int IndexOf(KnownHeader known)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_fields[i].Known == known) return i;
        }

        return -1;
    }

    /// <summary>The first field with this name, or -1. Compares octets: for names that are not known ones.</summary>
    public int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (Name(i).SequenceEqual(name)) return i;
        }

        return -1;
    }

    /// <summary>The value of the first field with this name, as text; null if there is none.</summary>
    public string? Text(KnownHeader known)
    {
        var index = IndexOf(known);
        return index < 0 ? null : Encoding.Latin1.GetString(Value(index));
    }

    public void Clear()
    {
        Debug.Assert(Frozen is null, "a frozen list never changes");
        // Entries are let go, so that a list in a pool keeps no table's past alive.
        _fields.AsSpan(0, Count).Clear();
        Count = 0;
        Size = 0;
        _used = 0;
    }

    public void Add(HeaderEntry entry, bool neverIndexed = false)
    {
        if (Count == _fields.Length) GrowFields();
        _fields[Count++] = new HeaderField(entry, neverIndexed);
        Size += entry.Size;
    }

    /// <summary>Adds a field whose octets are copied into the list.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool neverIndexed = false)
    {
        var room = Reserve(name.Length + value.Length);
        name.CopyTo(room);
        value.CopyTo(room[name.Length..]);
        Commit(null, name.Length, value.Length, neverIndexed);
    }

    /// <summary>Adds a field with the name of an entry and a value of its own.</summary>
    public void Add(HeaderEntry nameOf, ReadOnlySpan<byte> value, bool neverIndexed = false)
    {
        value.CopyTo(Reserve(value.Length));
        Commit(nameOf, 0, value.Length, neverIndexed);
    }

    /// <summary>Adds a field of another list as it is.</summary>
    public void Add(HeaderList source, int index)
    {
        ref readonly var field = ref source[index];
        if (field.IsEntry)
        {
            Append(in field, field.Entry!.Size);
            return;
        }

        var count = field.NameLength + field.ValueLength;
        var offset = _used;
        source._octets.AsSpan(field.Offset, count).CopyTo(Reserve(count));
        _used += count;
        var copy = new HeaderField(field.Entry, offset, field.NameLength, field.ValueLength, field.Known, field.Fault, field.NeverIndexed);
        Append(copy, (field.Entry?.Name.Length ?? 0) + count + HeaderEntry.Overhead);
    }

    /// <summary>A copy that never changes again.</summary>
    public HeaderList Freeze(long id)
    {
        return new HeaderList
        {
            Frozen = new FrozenHeaders(id),
            _fields = [.. Fields],
            _octets = _octets.AsSpan(0, _used).ToArray(),
            _used = _used,
            Count = Count,
            Size = Size,
        };
    }

    public void CopyFrom(HeaderList source)
    {
        Clear();
        for (var i = 0; i < source.Count; i++) Add(source, i);
    }

    /// <summary>Room for octets that <see cref="Commit"/> makes a field of; anything reserved after the last commit is dropped.</summary>
    internal Span<byte> Reserve(int count)
    {
        if (_octets.Length - _used < count) GrowOctets(count);
        return _octets.AsSpan(_used, count);
    }

    /// <summary>Makes a field of the octets written to what <see cref="Reserve"/> gave: the name (unless an entry has it), then the value.</summary>
    internal void Commit(HeaderEntry? nameOf, int nameLength, int valueLength, bool neverIndexed)
    {
        var octets = _octets.AsSpan(_used, nameLength + valueLength);
        var name = nameOf is null ? octets[..nameLength] : nameOf.Name;
        // A name taken from an entry has been judged with it.
        var fault = nameOf is null ? FieldSyntax.CheckName(name) : nameOf.Fault == HeaderFault.InvalidName ? HeaderFault.InvalidName : HeaderFault.None;
        var known = nameOf?.Known ?? KnownHeaders.Find(name);
        if (fault == HeaderFault.None) fault = FieldSyntax.CheckValue(known, octets[nameLength..]);
        Append(new HeaderField(nameOf, _used, nameLength, valueLength, known, fault, neverIndexed), name.Length + valueLength + HeaderEntry.Overhead);
        _used += nameLength + valueLength;
    }

    private void GrowFields()
    {
        memory?.Add(Count * Unsafe.SizeOf<HeaderField>());
        Array.Resize(ref _fields, Count * 2);
    }

    private void GrowOctets(int count)
    {
        var before = _octets.Length;
        Array.Resize(ref _octets, Math.Max(Math.Max(256, before * 2), _used + count));
        memory?.Add(_octets.Length - before);
    }

    private void Append(in HeaderField field, int size)
    {
        Debug.Assert(Frozen is null, "a frozen list never changes");
        if (Count == _fields.Length) GrowFields();
        _fields[Count++] = field;
        Size += size;
    }
}
