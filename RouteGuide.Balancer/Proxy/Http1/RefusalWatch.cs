namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>
/// Kestrel refuses what is no request before anybody else hears of it, and tells nobody but its log. This stands before that log, and tells
/// whose connection it was.
/// </summary>
/// <param name="inner">The log.</param>
/// <param name="onRefused">Is told the connection's id, and why. Any thread.</param>
internal sealed class RefusalWatch(ILoggerFactory inner, Action<string, BadHttpRequestException> onRefused) : ILoggerFactory
{
    private const string Category = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    public ILogger CreateLogger(string categoryName) => categoryName == Category ? new Watch(inner.CreateLogger(categoryName), onRefused) : inner.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The log is somebody else's.
    }

    private sealed class Watch(ILogger log, Action<string, BadHttpRequestException> onRefused) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is BadHttpRequestException refused && ConnectionOf(state) is { } id) onRefused(id, refused);
            if (log.IsEnabled(logLevel)) log.Log(logLevel, eventId, state, exception, formatter);
        }

        private static string? ConnectionOf(object? state) =>
            state is IEnumerable<KeyValuePair<string, object?>> values ? values.FirstOrDefault(v => v.Key == "ConnectionId").Value as string : null;
    }
}

/// <summary>Whether a connection's request is with the balancer, which then says itself what becomes of it; else it is with Kestrel.</summary>
internal sealed class RequestMark
{
    private volatile bool _isSet;

    public bool IsSet
    {
        get => _isSet;
        set => _isSet = value;
    }
}
