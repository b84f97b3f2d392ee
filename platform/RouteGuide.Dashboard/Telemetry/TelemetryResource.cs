using System.Collections.Concurrent;
using OpenTelemetry.Proto.Resource.V1;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry;

/// <summary>Somebody who sends telemetry: one instance of a service.</summary>
/// <param name="name"><c>service.name</c>.</param>
/// <param name="instanceId"><c>service.instance.id</c>; null where it is not given.</param>
/// <param name="instance">What the app host calls it, if it runs there.</param>
/// <param name="color">Its colour.</param>
/// <param name="attributes">All that is said of it.</param>
internal sealed class TelemetryResource(string name, string? instanceId, string instance, int color, Attribute[] attributes)
{
    private int _unseenErrors;

    public string Name => name;

    public string? InstanceId => instanceId;

    public string Instance => instance;

    public int Color => color;

    public Attribute[] Attributes => attributes;

    public bool HasLogs { get; set; }

    public bool HasTraces { get; set; }

    public bool HasMetrics { get; set; }

    /// <summary>Log records of level Error and above since somebody looked.</summary>
    public int UnseenErrors => Volatile.Read(ref _unseenErrors);

    public void CountError() => Interlocked.Increment(ref _unseenErrors);

    public void Seen() => Volatile.Write(ref _unseenErrors, 0);

    /// <summary>Whether a name means it: its own, or that of its service. Null means everyone.</summary>
    public bool Is(string? wanted) => wanted is null || wanted.Equals(instance, StringComparison.OrdinalIgnoreCase) || wanted.Equals(name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>All who have sent something.</summary>
/// <param name="limits">How many there may be.</param>
/// <param name="palette">Their colours.</param>
/// <param name="reader">Reads what they say of themselves.</param>
internal sealed class TelemetryResources(TelemetryLimits limits, Palette palette, AttributeReader reader)
{
    private const string Unknown = "unknown_service";
    private const int MaxName = 256;

    private readonly ConcurrentDictionary<string, TelemetryResource> _known = new(StringComparer.OrdinalIgnoreCase);
    private int _refused;

    public IEnumerable<TelemetryResource> All => _known.Values.OrderBy(resource => resource.Instance, StringComparer.OrdinalIgnoreCase);

    public bool HasRefused => Volatile.Read(ref _refused) > 0;

    /// <summary>The sender of a message; null if there are too many already.</summary>
    public TelemetryResource? Of(Resource? sent)
    {
        string? name = null, id = null;
        foreach (var attribute in sent?.Attributes ?? [])
        {
            if (attribute.Key == "service.name") name = Short(attribute);
            else if (attribute.Key == "service.instance.id") id = Short(attribute);
        }

        if (string.IsNullOrWhiteSpace(name)) name = Unknown;
        if (string.IsNullOrWhiteSpace(id)) id = null;
        var instance = id is null ? name : id.StartsWith($"{name}-", StringComparison.OrdinalIgnoreCase) ? id : $"{name}-{id}";
        if (_known.TryGetValue(instance, out var known)) return known;
        if (_known.Count >= limits.Resources)
        {
            Interlocked.Increment(ref _refused);
            return null;
        }

        return _known.GetOrAdd(instance, _ => new TelemetryResource(name, id, instance, palette.Of(instance), reader.Read(sent?.Attributes ?? [])));
    }

    private string Short(OpenTelemetry.Proto.Common.V1.KeyValue attribute)
    {
        var text = reader.Text(attribute.Value);
        return text.Length <= MaxName ? text : text[..MaxName];
    }
}
