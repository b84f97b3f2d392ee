using System.Collections.Immutable;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Streaming;

namespace RouteGuide.Dashboard.Resources;

/// <summary>How it stands with the app host.</summary>
internal enum HostConnection
{
    None,
    Connecting,
    Connected,
    Lost,
}

/// <summary>All resources at one moment.</summary>
/// <param name="Connection">Whether they are current.</param>
/// <param name="Message">Why not.</param>
/// <param name="Resources">By name.</param>
internal sealed record ResourceState(HostConnection Connection, string? Message, ImmutableDictionary<string, ResourceView> Resources);

/// <summary>What the app host runs, as it was last heard. Whoever watches compares what there is with what he saw.</summary>
/// <param name="options">Whether there is an app host.</param>
internal sealed class ResourceBook(DashboardOptions options)
{
    private readonly Lock _lock = new();
    private ResourceState _state = new(options.ResourceService is null ? HostConnection.None : HostConnection.Connecting, null, ImmutableDictionary.Create<string, ResourceView>(StringComparer.OrdinalIgnoreCase));

    public Pulse Changed { get; } = new();

    public ResourceState Current => Volatile.Read(ref _state);

    public ResourceView? Find(string name) => Current.Resources.GetValueOrDefault(name);

    public void Update(Func<ResourceState, ResourceState> change)
    {
        lock (_lock) Volatile.Write(ref _state, change(_state));
        Changed.Beat();
    }
}
