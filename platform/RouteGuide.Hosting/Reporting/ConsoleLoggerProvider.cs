using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Reporting;

/// <summary>Logs of the app host's own code, as lines of the console.</summary>
internal sealed class ConsoleLoggerProvider(ConsoleReporter reporter) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new ConsoleLogger(reporter, categoryName);

    public void Dispose()
    {
        // The console outlives the loggers.
    }

    private sealed class ConsoleLogger(ConsoleReporter reporter, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var text = $"{Word(logLevel)}: {category}: {formatter(state, exception)}{(exception is null ? "" : $"\n{exception}")}";
            if (logLevel >= LogLevel.Error) reporter.Error(text);
            else reporter.Say(text);
        }

        private static string Word(LogLevel level) => level switch
        {
            LogLevel.Trace => "trce",
            LogLevel.Debug => "dbug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "fail",
            _ => "crit",
        };
    }
}
