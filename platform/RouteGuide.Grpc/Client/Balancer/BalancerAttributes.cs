using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Grpc.Net.Client.Balancer;

/// <summary>What is known about an address, a subchannel or a resolver's result, by key.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "The name is the official one.")]
public sealed class BalancerAttributes : IDictionary<string, object>, IReadOnlyDictionary<string, object>
{
    /// <summary>No attributes. Read-only.</summary>
    public static readonly BalancerAttributes Empty = new(System.Collections.ObjectModel.ReadOnlyDictionary<string, object>.Empty);

    private readonly IDictionary<string, object> _values;

    /// <summary>Creates an empty collection.</summary>
    public BalancerAttributes()
        : this(new Dictionary<string, object>(StringComparer.Ordinal))
    {
    }

    private BalancerAttributes(IDictionary<string, object> values) => _values = values;

    int ICollection<KeyValuePair<string, object>>.Count => _values.Count;

    int IReadOnlyCollection<KeyValuePair<string, object>>.Count => _values.Count;

    bool ICollection<KeyValuePair<string, object>>.IsReadOnly => _values.IsReadOnly;

    ICollection<string> IDictionary<string, object>.Keys => _values.Keys;

    ICollection<object> IDictionary<string, object>.Values => _values.Values;

    IEnumerable<string> IReadOnlyDictionary<string, object>.Keys => _values.Keys;

    IEnumerable<object> IReadOnlyDictionary<string, object>.Values => _values.Values;

    object IDictionary<string, object>.this[string key]
    {
        get => _values[key];
        set => _values[key] = value;
    }

    object IReadOnlyDictionary<string, object>.this[string key] => _values[key];

    /// <summary>Reads an attribute; false if it is not there.</summary>
    /// <typeparam name="TValue">The type of the value.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public bool TryGetValue<TValue>(BalancerAttributesKey<TValue> key, [MaybeNullWhen(false)] out TValue value)
    {
        if (_values.TryGetValue(key.Key, out var found) && found is TValue typed)
        {
            value = typed;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>Sets an attribute.</summary>
    /// <typeparam name="TValue">The type of the value.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public void Set<TValue>(BalancerAttributesKey<TValue> key, TValue value) => _values[key.Key] = value!;

    /// <summary>Removes an attribute; false if it was not there.</summary>
    /// <typeparam name="TValue">The type of the value.</typeparam>
    /// <param name="key">The key.</param>
    public bool Remove<TValue>(BalancerAttributesKey<TValue> key) => _values.Remove(key.Key);

    void IDictionary<string, object>.Add(string key, object value) => _values.Add(key, value);

    void ICollection<KeyValuePair<string, object>>.Add(KeyValuePair<string, object> item) => _values.Add(item);

    void ICollection<KeyValuePair<string, object>>.Clear() => _values.Clear();

    bool ICollection<KeyValuePair<string, object>>.Contains(KeyValuePair<string, object> item) => _values.Contains(item);

    bool IDictionary<string, object>.ContainsKey(string key) => _values.ContainsKey(key);

    bool IReadOnlyDictionary<string, object>.ContainsKey(string key) => _values.ContainsKey(key);

    void ICollection<KeyValuePair<string, object>>.CopyTo(KeyValuePair<string, object>[] array, int arrayIndex) => _values.CopyTo(array, arrayIndex);

    bool IDictionary<string, object>.Remove(string key) => _values.Remove(key);

    bool ICollection<KeyValuePair<string, object>>.Remove(KeyValuePair<string, object> item) => _values.Remove(item);

    bool IDictionary<string, object>.TryGetValue(string key, [MaybeNullWhen(false)] out object value) => _values.TryGetValue(key, out value);

    bool IReadOnlyDictionary<string, object>.TryGetValue(string key, [MaybeNullWhen(false)] out object value) => _values.TryGetValue(key, out value);

    IEnumerator<KeyValuePair<string, object>> IEnumerable<KeyValuePair<string, object>>.GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _values.GetEnumerator();
}

/// <summary>The key of an attribute, with the type of its values.</summary>
/// <typeparam name="TValue">The type of the values.</typeparam>
public readonly struct BalancerAttributesKey<TValue>
{
    /// <summary>Creates a key.</summary>
    /// <param name="key">Its name.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    public BalancerAttributesKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key = key;
    }

    /// <summary>Its name.</summary>
    public string Key { get; }
}
