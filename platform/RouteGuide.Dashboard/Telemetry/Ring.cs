namespace RouteGuide.Dashboard.Telemetry;

/// <summary>A queue in an array that grows up to its capacity and never moves what is in it after that. Not safe for several threads.</summary>
/// <typeparam name="T">What is queued.</typeparam>
/// <param name="capacity">How many there may be.</param>
internal sealed class Ring<T>(int capacity)
    where T : class
{
    private T?[] _items = new T?[Math.Min(capacity, 16)];
    private int _first;

    public int Count { get; private set; }

    public void Add(T item)
    {
        if (Count == _items.Length) Grow();
        _items[(_first + Count) % _items.Length] = item;
        Count++;
    }

    public T RemoveFirst()
    {
        var item = _items[_first]!;
        _items[_first] = null;
        _first = (_first + 1) % _items.Length;
        Count--;
        return item;
    }

    public T[] ToArray()
    {
        var all = new T[Count];
        var head = Math.Min(Count, _items.Length - _first);
        Array.Copy(_items, _first, all, 0, head);
        Array.Copy(_items, 0, all, head, Count - head);
        return all;
    }

    private void Grow()
    {
        if (Count >= capacity) throw new InvalidOperationException($"There are {capacity} items already.");
        var larger = new T?[(int)Math.Min(capacity, 2L * _items.Length)];
        ToArray().CopyTo(larger, 0);
        (_items, _first) = (larger, 0);
    }
}
