using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RouteGuide.Client.Connection;
using RouteGuide.Client.Scenario;

namespace RouteGuide.Client.Cli;

/// <summary>One run of the client: connects, runs what was asked for, and turns how it ended into a line and an exit code.</summary>
internal sealed class ClientRun(ClientSettings settings, TextWriter output, TextWriter error)
{
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (settings.Insecure)
        {
            await error.WriteLineAsync("WARNING: --insecure: the server's certificate is NOT checked. Anyone on the way can read and change these calls.");
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
            return await CallAsync(stop.Token);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private async Task<int> CallAsync(CancellationToken cancellationToken)
    {
        try
        {
            var points = RouteSource.Choose(settings);
            using var channel = ChannelFactory.Create(settings);
            var demo = new Demo(new Routeguide.RouteGuide.RouteGuideClient(channel), output, settings.Deadline, points);
            for (var i = 0; i < settings.Repeat; i++) await demo.RunAsync(settings.Rpc, cancellationToken);
            return ExitCode.Success;
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            return await Fail(ExitCode.Interrupted, "interrupted.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return await Fail(ExitCode.Interrupted, "interrupted.");
        }
        catch (UsageException problem)
        {
            return await Fail(ExitCode.Usage, problem.Message);
        }
        catch (UnexpectedAnswerException problem)
        {
            return await Fail(ExitCode.CallFailed, problem.Message);
        }
        catch (IOException problem)
        {
            return await Fail(ExitCode.CallFailed, $"the transcript cannot be written: {problem.Message}");
        }
        catch (RpcException problem)
        {
            var (code, line) = Failure.Explain(problem, settings);
            return await Fail(code, line);
        }
    }

    private async Task<int> Fail(int code, string line)
    {
        await error.WriteLineAsync($"routeguide client: {line.ReplaceLineEndings(" ")}");
        return code;
    }
}
