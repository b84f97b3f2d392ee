using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RouteGuide.Client.Connection;
using RouteGuide.Client.Dynamic;
using RouteGuide.Client.Reflection;
using RouteGuide.Client.Scenario;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Cli;

/// <summary>What a command runs with.</summary>
/// <param name="Channels">Makes its channels.</param>
/// <param name="Stop">Cancelled by Ctrl+C and SIGTERM.</param>
internal sealed record RunContext(ChannelFactory Channels, CancellationToken Stop);

/// <summary>One run of the client: starts what it needs, runs a command, and turns how it ended into a line and an exit code.</summary>
internal sealed class ClientRun(ConnectionSettings connection, ClientConsole console)
{
    /// <param name="deadline">What the command gives its calls, to be named where one is late.</param>
    /// <param name="command">Runs it and returns the exit code.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<int> RunAsync(TimeSpan? deadline, Func<RunContext, Task<int>> command, CancellationToken cancellationToken)
    {
        if (connection.Insecure)
        {
            await console.Error.WriteLineAsync("WARNING: --insecure: the server's certificate is NOT checked. Anyone on the way can read and change these calls.");
        }

        // The host is there for telemetry; its own log lines have no place in the transcript.
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults();
        using var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            return await RunAsync(deadline, command, new RunContext(new ChannelFactory(connection), stop.Token));
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private async Task<int> RunAsync(TimeSpan? deadline, Func<RunContext, Task<int>> command, RunContext context)
    {
        try
        {
            return await command(context);
        }
        catch (Exception problem) when (problem is RpcException or OperationCanceledException && context.Stop.IsCancellationRequested)
        {
            return await Fail(ExitCode.Interrupted, "interrupted.");
        }
        catch (UsageException problem)
        {
            return await Fail(ExitCode.Usage, problem.Message);
        }
        catch (JsonInputException problem)
        {
            return await Fail(ExitCode.Usage, problem.Message);
        }
        catch (Exception problem) when (problem is UnexpectedAnswerException or ReflectionException)
        {
            return await Fail(ExitCode.CallFailed, problem.Message);
        }
        catch (IOException problem)
        {
            return await Fail(ExitCode.CallFailed, $"the transcript cannot be written: {problem.Message}");
        }
        catch (RpcException problem)
        {
            var (code, line) = Failure.Explain(problem, connection.Address, deadline);
            return await Fail(code, line);
        }
    }

    private async Task<int> Fail(int code, string line)
    {
        await console.SayAsync(line);
        return code;
    }
}
