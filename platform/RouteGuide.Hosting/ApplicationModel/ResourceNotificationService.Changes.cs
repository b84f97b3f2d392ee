using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What has become of an instance.</summary>
/// <param name="Last">What is known about it.</param>
/// <param name="IsRemoved">Whether it is gone for good.</param>
internal sealed record ResourceChange(ResourceEvent Last, bool IsRemoved);

public partial class ResourceNotificationService
{
    private ImmutableArray<ChangeQueue> _queues = [];

    /// <summary>
    /// First all instances that are known, then those that have changed since, each as it is by then: who reads slowly misses what was in
    /// between, never how it ended, and costs no more memory than there are instances. Ends when the application is disposed.
    /// </summary>
    internal async IAsyncEnumerable<IReadOnlyList<ResourceChange>> WatchChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var queue = new ChangeQueue();
        ResourceChange[] first;
        lock (_gate)
        {
            if (_disposed) yield break;
            first = [.. _current.Values.Select(known => new ResourceChange(known, IsRemoved: false))];
            _queues = _queues.Add(queue);
        }

        try
        {
            yield return first;
            while (await queue.WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                IReadOnlyList<ResourceChange> changes;
                lock (_gate) changes = queue.Take();
                if (changes.Count > 0) yield return changes;
            }
        }
        finally
        {
            lock (_gate) _queues = _queues.Remove(queue);
        }
    }

    /// <summary>Forgets an instance.</summary>
    internal void Remove(string resourceId)
    {
        lock (_gate)
        {
            if (!_current.Remove(resourceId, out var last)) return;
            foreach (var queue in _queues) queue.Put(new ResourceChange(last, IsRemoved: true));
        }
    }

    /// <summary>The last change of each instance that was not taken yet. Used under the service's lock, but for <see cref="WaitAsync"/>.</summary>
    private sealed class ChangeQueue
    {
        private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private readonly Dictionary<string, ResourceChange> _pending = new(StringComparer.OrdinalIgnoreCase);

        public void Put(ResourceChange change)
        {
            _pending[change.Last.ResourceId] = change;
            _signal.Writer.TryWrite(true);
        }

        public IReadOnlyList<ResourceChange> Take()
        {
            // The signal first: a change that comes after it gives a new one.
            _signal.Reader.TryRead(out _);
            ResourceChange[] taken = [.. _pending.Values];
            _pending.Clear();
            return taken;
        }

        public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _signal.Reader.WaitToReadAsync(cancellationToken);

        public void Complete() => _signal.Writer.TryComplete();
    }
}
