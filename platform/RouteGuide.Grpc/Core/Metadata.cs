using System.Collections;

namespace Grpc.Core;

/// <summary>
/// The headers or trailers of a call: an ordered list of entries in which a key may stand more than once. Not safe for concurrent changes.
/// </summary>
public sealed partial class Metadata : IList<Metadata.Entry>
{
    /// <summary>Metadata without entries, which cannot be changed.</summary>
    public static readonly Metadata Empty = new(isReadOnly: true);

    /// <summary>The end of every key whose value is bytes.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    private const int FirstCapacity = 4;

    private readonly bool _isReadOnly;
    private Entry[] _entries = [];
    private int _count;

    /// <summary>Creates metadata without entries.</summary>
    public Metadata()
    {
    }

    private Metadata(bool isReadOnly) => _isReadOnly = isReadOnly;

    /// <summary>The entry at a position, from 0.</summary>
    /// <param name="index">The position.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
    /// <exception cref="ArgumentNullException">The entry is null.</exception>
    /// <exception cref="InvalidOperationException">Set, and the metadata is read-only.</exception>
    public Entry this[int index]
    {
        get
        {
            CheckPosition(index, _count - 1);
            return _entries[index];
        }

        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckWritable();
            CheckPosition(index, _count - 1);
            _entries[index] = value;
        }
    }

    /// <summary>The number of entries.</summary>
    public int Count => _count;

    /// <summary>Whether changes are refused.</summary>
    public bool IsReadOnly => _isReadOnly;

    /// <summary>The last entry with a key, or null.</summary>
    /// <param name="key">The key, in any case.</param>
    public Entry? Get(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        for (var i = _count - 1; i >= 0; i--)
        {
            if (HasKey(_entries[i], key)) return _entries[i];
        }

        return null;
    }

    /// <summary>The text of the last entry with a key, or null.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <exception cref="InvalidOperationException">That entry is binary.</exception>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry with a key, or null.</summary>
    /// <param name="key">The key, in any case.</param>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    /// <summary>All entries with a key, in order.</summary>
    /// <param name="key">The key, in any case.</param>
    public IEnumerable<Entry> GetAll(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Matching(key);
    }

    /// <summary>Appends a text entry.</summary>
    /// <inheritdoc cref="Entry(string, string)" path="/param"/>
    /// <inheritdoc cref="Entry(string, string)" path="/exception"/>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Add(string key, string value) => Add(new Entry(key, value));

    /// <summary>Appends a binary entry.</summary>
    /// <inheritdoc cref="Entry(string, byte[])" path="/param"/>
    /// <inheritdoc cref="Entry(string, byte[])" path="/exception"/>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <summary>Appends an entry.</summary>
    /// <param name="item">The entry.</param>
    /// <exception cref="ArgumentNullException"><paramref name="item"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Add(Entry item) => Insert(_count, item);

    /// <summary>Puts an entry at a position, from 0, before the one that is there.</summary>
    /// <param name="index">The position, at most <see cref="Count"/>.</param>
    /// <param name="item">The entry.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="item"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Insert(int index, Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        CheckWritable();
        CheckPosition(index, _count);
        if (_count == _entries.Length) Array.Resize(ref _entries, Math.Max(FirstCapacity, _count * 2));
        Array.Copy(_entries, index, _entries, index + 1, _count - index);
        _entries[index] = item;
        _count++;
    }

    /// <summary>Removes the entry at a position, from 0.</summary>
    /// <param name="index">The position.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void RemoveAt(int index)
    {
        CheckWritable();
        CheckPosition(index, _count - 1);
        _count--;
        Array.Copy(_entries, index + 1, _entries, index, _count - index);
        _entries[_count] = null!;
    }

    /// <summary>Removes an entry, compared by reference, and says whether it was there.</summary>
    /// <param name="item">The entry.</param>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public bool Remove(Entry item)
    {
        CheckWritable();
        var index = IndexOf(item);
        if (index < 0) return false;
        RemoveAt(index);
        return true;
    }

    /// <summary>Removes all entries.</summary>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Clear()
    {
        CheckWritable();
        Array.Clear(_entries, 0, _count);
        _count = 0;
    }

    /// <summary>The position of an entry, compared by reference, or -1.</summary>
    /// <param name="item">The entry.</param>
    public int IndexOf(Entry item) => Array.IndexOf(_entries, item, 0, _count);

    /// <summary>Whether an entry, compared by reference, is in the list.</summary>
    /// <param name="item">The entry.</param>
    public bool Contains(Entry item) => IndexOf(item) >= 0;

    /// <summary>Copies the entries into an array.</summary>
    /// <param name="array">The array.</param>
    /// <param name="arrayIndex">Where in the array the first entry goes.</param>
    public void CopyTo(Entry[] array, int arrayIndex) => Array.Copy(_entries, 0, array, arrayIndex, _count);

    /// <summary>Walks the entries in order.</summary>
    public IEnumerator<Entry> GetEnumerator()
    {
        for (var i = 0; i < _count; i++) yield return _entries[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool HasKey(Entry entry, string key) => string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase);

    private static void CheckPosition(int index, int last)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, last);
    }

    private IEnumerable<Entry> Matching(string key)
    {
        for (var i = 0; i < _count; i++)
        {
            if (HasKey(_entries[i], key)) yield return _entries[i];
        }
    }

    private void CheckWritable()
    {
        if (_isReadOnly) throw new InvalidOperationException("This metadata is read-only.");
    }
}
