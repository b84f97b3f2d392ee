using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RouteGuide.Tests.Balancer;

/// <summary>Keeps the structured lines of one log category.</summary>
internal sealed class LinesOf(string category) : ILoggerProvider, ILogger
{
    public ConcurrentQueue<IReadOnlyDictionary<string, object?>> All { get; } = [];

    public ILogger CreateLogger(string categoryName) => categoryName == category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (state is IEnumerable<KeyValuePair<string, object?>> fields) All.Enqueue(fields.ToDictionary(f => f.Key, f => f.Value));
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
