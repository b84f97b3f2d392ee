using Google.Protobuf.Reflection;

namespace RouteGuide.Client.Dynamic;

/// <summary>
/// A message of a type that was not known when this program was built. Values are boxed as C# has them: <see cref="int"/> (enums too),
/// <see cref="long"/>, <see cref="uint"/>, <see cref="ulong"/>, <see cref="float"/>, <see cref="double"/>, <see cref="bool"/>,
/// <see cref="string"/>, <c>byte[]</c> and <see cref="DynamicMessage"/>; a map is a list of its entries, as on the wire.
/// </summary>
internal sealed class DynamicMessage(MessageDescriptor descriptor)
{
    private readonly SortedDictionary<int, object> _values = [];

    public MessageDescriptor Descriptor { get; } = descriptor;

    /// <summary>What is set, by field number; a repeated field's value is a list.</summary>
    public IEnumerable<KeyValuePair<int, object>> Values => _values;

    public object? Get(int number) => _values.GetValueOrDefault(number);

    /// <summary>The values of a repeated field; none where it is not set.</summary>
    public IReadOnlyList<object> List(int number) => _values.TryGetValue(number, out var list) ? (List<object>)list : [];

    /// <summary>Sets a field that is not repeated. It takes the place of what its oneof held.</summary>
    public DynamicMessage Set(FieldDescriptor field, object value)
    {
        if (field.RealContainingOneof is { } oneof)
        {
            foreach (var other in oneof.Fields) _values.Remove(other.FieldNumber);
        }

        _values[field.FieldNumber] = value;
        return this;
    }

    /// <summary>Sets a field by its number.</summary>
    /// <exception cref="KeyNotFoundException">The type has no such field.</exception>
    public DynamicMessage Set(int number, object value) => Set(Descriptor.FindFieldByNumber(number) ?? throw new KeyNotFoundException($"{Descriptor.FullName} has no field {number}."), value);

    /// <summary>Adds to a repeated field.</summary>
    public void Add(FieldDescriptor field, object value)
    {
        if (!_values.TryGetValue(field.FieldNumber, out var list)) _values[field.FieldNumber] = list = new List<object>();
        ((List<object>)list).Add(value);
    }

    /// <summary>Which of a oneof's fields is set, or null.</summary>
    public FieldDescriptor? Case(OneofDescriptor oneof) => oneof.Fields.FirstOrDefault(field => _values.ContainsKey(field.FieldNumber));
}
