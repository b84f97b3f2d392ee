namespace Grpc.Net.Client.Configuration;

/// <summary>
/// A part of a service config. It is a view of <see cref="Inner"/>, which has the names and the shapes of the JSON that services publish
/// (durations as <c>"1.5s"</c>, codes as <c>"UNAVAILABLE"</c>): what is set on one side is seen on the other.
/// </summary>
public abstract class ConfigObject
{
    internal ConfigObject()
        : this(new Dictionary<string, object>())
    {
    }

    internal ConfigObject(IDictionary<string, object> inner) => Inner = inner;

    /// <summary>The values as in JSON: text, numbers, booleans, dictionaries and lists.</summary>
    public IDictionary<string, object> Inner { get; }

    internal T? Get<T>(string name) => Inner.TryGetValue(name, out var value) ? (T?)value : default;

    internal void Set<T>(string name, T? value)
    {
        if (value is null) Inner.Remove(name);
        else Inner[name] = value;
    }

    internal TConfig? GetObject<TConfig>(string name, Func<IDictionary<string, object>, TConfig> wrap)
        where TConfig : ConfigObject =>
        Get<IDictionary<string, object>>(name) is { } inner ? wrap(inner) : null;

    internal TimeSpan? GetDuration(string name) => Get<string>(name) is { } text ? ConfigValues.ParseDuration(name, text) : null;

    internal void SetDuration(string name, TimeSpan? value) => Set(name, value is { } duration ? ConfigValues.FormatDuration(duration) : null);

    internal IList<object> GetList(string name)
    {
        if (Get<IList<object>>(name) is { } list) return list;
        var created = new List<object>();
        Inner[name] = created;
        return created;
    }
}
