using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RouteGuide.ServiceDefaults;

/// <summary>How a service's process starts and ends, seen from outside: its exit code, and one line for what an operator can put right.</summary>
public static class ServiceProgram
{
    /// <summary>Runs a service to its end.</summary>
    /// <param name="name">Begins the line on standard error.</param>
    /// <param name="run">Starts it and returns when it has ended.</param>
    /// <returns>0 after an orderly end, also one that was asked for during the start; 1 when it could not start.</returns>
    public static async Task<int> RunAsync(string name, Func<Task> run)
    {
        try
        {
            await run();
            return 0;
        }
        catch (OperationCanceledException)
        {
            // Told to end before the start was over: there is nothing to drain yet.
            return 0;
        }
        catch (Exception error) when (Explain(error) is { } line)
        {
            await Console.Error.WriteLineAsync($"{name}: {line}");
            return 1;
        }
    }

    /// <summary>
    /// Keeps the host and Kestrel from logging a start that fails: <see cref="RunAsync"/> tells it in one line, and theirs would add stack
    /// traces to it. From the start on they log as configured.
    /// </summary>
    public static void LogFromStartOn(this WebApplicationBuilder builder)
    {
        var phase = new StartPhase();
        builder.Services.AddHostedService(_ => phase);
        foreach (var category in (string[])["Microsoft.Extensions.Hosting.Internal.Host", "Microsoft.AspNetCore.Server.Kestrel"])
        {
            builder.Logging.AddFilter(category, level => phase.IsOver && level >= LogLevel.Warning);
        }
    }

    /// <summary>The text on one line.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    // Null for what no setting can cause: that is a fault of the program, and its stack trace is wanted.
    private static string? Explain(Exception exception) => exception switch
    {
        ConfigurationException => OneLine(exception.Message),
        // Kestrel names the address in both.
        IOException { InnerException: AddressInUseException or SocketException } => OneLine(exception.Message),
        SocketException => OneLine($"cannot listen: {exception.Message}"),
        CryptographicException => OneLine($"the certificate cannot be used: {exception.Message}"),
        FileNotFoundException or DirectoryNotFoundException => OneLine(exception.Message),
        // An https address without a certificate, a log level that is none: said by the part that reads the setting.
        InvalidOperationException { Source: "Microsoft.AspNetCore.Server.Kestrel.Core" or "Microsoft.Extensions.Logging.Configuration" or "Microsoft.Extensions.Configuration.Binder" } =>
            OneLine(exception.Message),
        _ => null,
    };

    private sealed class StartPhase : IHostedLifecycleService
    {
        private volatile bool _isOver;

        public bool IsOver => _isOver;

        public Task StartedAsync(CancellationToken cancellationToken)
        {
            _isOver = true;
            return Task.CompletedTask;
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
