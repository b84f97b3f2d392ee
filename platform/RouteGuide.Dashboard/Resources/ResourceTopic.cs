using RouteGuide.Dashboard.Streaming;

namespace RouteGuide.Dashboard.Resources;

/// <summary>First all resources, then what changes about them.</summary>
/// <param name="book">The resources.</param>
internal sealed class ResourceTopic(ResourceBook book) : ITopic
{
    // A host that starts says a hundred things in a second; a page need not be drawn as often.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    public string Name => "resources";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query) => Run;

    private async Task Run(TopicWriter writer, CancellationToken cancellationToken)
    {
        ResourceState? seen = null;
        while (true)
        {
            var next = book.Changed.Next;
            var state = book.Current;
            if (Compare(seen, state) is { } change) await writer.Send(change, cancellationToken);
            seen = state;
            await next.WaitAsync(cancellationToken);
            await Task.Delay(Breath, cancellationToken);
        }
    }

    private static ResourcesEvent? Compare(ResourceState? seen, ResourceState state)
    {
        var connection = Text(state.Connection);
        if (seen is null || (seen.Connection != HostConnection.Connected && state.Connection == HostConnection.Connected)) return new ResourcesEvent(connection, state.Message, Snapshot: [.. state.Resources.Values]);

        ResourceView[] upserts = [.. state.Resources.Values.Where(resource => !ReferenceEquals(seen.Resources.GetValueOrDefault(resource.Name), resource))];
        string[] deletes = [.. seen.Resources.Keys.Where(name => !state.Resources.ContainsKey(name))];
        return upserts.Length == 0 && deletes.Length == 0 && seen.Connection == state.Connection && seen.Message == state.Message ? null : new ResourcesEvent(connection, state.Message, Upserts: upserts, Deletes: deletes);
    }

    private static string Text(HostConnection connection) => connection.ToString().ToLowerInvariant();
}
