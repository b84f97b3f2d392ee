using System.Collections;

namespace Grpc.Net.Client.Configuration;

/// <summary>A typed view of a list of JSON values.</summary>
internal sealed class ConfigList<T>(IList<object> inner, Func<object, T> fromJson, Func<T, object> toJson) : IList<T>
{
    public T this[int index]
    {
        get => fromJson(inner[index]);
        set => inner[index] = toJson(value);
    }

    public int Count => inner.Count;

    public bool IsReadOnly => inner.IsReadOnly;

    public void Add(T item) => inner.Add(toJson(item));

    public void Insert(int index, T item) => inner.Insert(index, toJson(item));

    public void RemoveAt(int index) => inner.RemoveAt(index);

    public void Clear() => inner.Clear();

    public bool Contains(T item) => IndexOf(item) >= 0;

    public int IndexOf(T item) => inner.IndexOf(toJson(item));

    public bool Remove(T item) => inner.Remove(toJson(item));

    public void CopyTo(T[] array, int arrayIndex)
    {
        foreach (var item in this) array[arrayIndex++] = item;
    }

    public IEnumerator<T> GetEnumerator() => inner.Select(fromJson).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
