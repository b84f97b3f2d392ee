using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line that an instance wrote.</summary>
/// <param name="LineNumber">From 1.</param>
/// <param name="Content">The line, without its end.</param>
/// <param name="IsErrorMessage">Whether it was written to standard error.</param>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>Keeps the last lines of each instance, and hands them to those who watch.</summary>
public class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, InstanceLog> _logs = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Shown each line that code of the app host writes (and not the instance's own process).</summary>
    internal Action<string, LogLine>? Echo { get; set; }

    /// <summary>Writes among the lines of all instances of a resource.</summary>
    public ILogger GetLogger(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return new InstanceLogger(this, resource.GetInstanceNames);
    }

    /// <summary>Writes among the lines of one instance.</summary>
    public ILogger GetLogger(string resourceName)
    {
        ArgumentNullException.ThrowIfNull(resourceName);
        return new InstanceLogger(this, () => [resourceName]);
    }

    /// <summary>The lines of a resource that are kept, and those that follow. Ends when they are complete.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(IResource resource) => WatchAsync(resource.GetInstanceNames()[0]);

    /// <summary>The lines of an instance that are kept, and those that follow. Ends when they are complete.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName) => Log(resourceName).WatchAsync();

    /// <summary>The lines of a resource that are kept.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(IResource resource) => GetAllAsync(resource.GetInstanceNames()[0]);

    /// <summary>The lines of an instance that are kept.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName)
    {
        var lines = Log(resourceName).Kept();
        if (lines.Count > 0) yield return lines;
        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <summary>Says that no more lines of a resource come.</summary>
    public void Complete(IResource resource)
    {
        foreach (var name in resource.GetInstanceNames()) Complete(name);
    }

    /// <summary>Says that no more lines of an instance come.</summary>
    public void Complete(string name) => Log(name).Complete();

    /// <summary>Forgets the lines that are kept.</summary>
    public void ClearBacklog(string resourceName) => Log(resourceName).Clear();

    /// <summary>Ends all watches.</summary>
    public void Dispose()
    {
        foreach (var log in _logs.Values) log.Complete();
        GC.SuppressFinalize(this);
    }

    /// <summary>Says that no more lines of an instance come, and forgets those that are kept.</summary>
    internal void Forget(string instance)
    {
        if (_logs.TryRemove(instance, out var log)) log.Complete();
    }

    internal void Append(string instance, string content, bool isError) => Log(instance).Append(content, isError);

    private InstanceLog Log(string name) => _logs.GetOrAdd(name, _ => new InstanceLog());

    private sealed class InstanceLog
    {
        private const int MaxLines = 10_000;
        private const int MaxCharacters = 4 * 1024 * 1024;

        private readonly Lock _gate = new();
        private readonly Queue<LogLine> _lines = new();
        private readonly List<Channel<LogLine>> _watchers = [];
        private int _characters;
        private int _count;
        private bool _complete;

        public LogLine Append(string content, bool isError)
        {
            lock (_gate)
            {
                var line = new LogLine(++_count, content, isError);
                _lines.Enqueue(line);
                _characters += content.Length;
                while (_lines.Count > MaxLines || (_characters > MaxCharacters && _lines.Count > 1)) _characters -= _lines.Dequeue().Content.Length;
                foreach (var watcher in _watchers) watcher.Writer.TryWrite(line);
                return line;
            }
        }

        public IReadOnlyList<LogLine> Kept()
        {
            lock (_gate) return [.. _lines];
        }

        public void Clear()
        {
            lock (_gate)
            {
                _lines.Clear();
                _characters = 0;
            }
        }

        public void Complete()
        {
            lock (_gate)
            {
                _complete = true;
                foreach (var watcher in _watchers) watcher.Writer.TryComplete();
            }
        }

        public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            // A reader that is this far behind would only get what is kept anyway.
            var lines = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(MaxLines) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
            lock (_gate)
            {
                foreach (var line in _lines) lines.Writer.TryWrite(line);
                if (_complete) lines.Writer.TryComplete();
                else _watchers.Add(lines);
            }

            try
            {
                while (await lines.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var batch = new List<LogLine>();
                    while (batch.Count < 1000 && lines.Reader.TryRead(out var line)) batch.Add(line);
                    yield return batch;
                }
            }
            finally
            {
                lock (_gate) _watchers.Remove(lines);
            }
        }
    }

    private sealed class InstanceLogger(ResourceLoggerService service, Func<IReadOnlyList<string>> instances) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var text = formatter(state, exception) + (exception is null ? "" : $"\n{exception}");
            foreach (var instance in instances())
            {
                foreach (var line in text.Split('\n'))
                {
                    var written = service.Log(instance).Append(line.TrimEnd('\r'), logLevel >= LogLevel.Error);
                    service.Echo?.Invoke(instance, written);
                }
            }
        }
    }
}
