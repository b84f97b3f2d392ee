using Grpc.Core;
using RouteGuide.Interop.Cli;

namespace RouteGuide.Interop.Client;

/// <summary>Runs one case against a server.</summary>
internal static class InteropClient
{
    // The descriptions set no time for a case as a whole; without one, a server that never answers would keep the client for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Whether the case passed; what went wrong is told.</summary>
    public static async Task<bool> RunAsync(ClientSettings settings, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience + TimeSpan.FromTicks(Math.Min(settings.Soak.OverallTimeout.Ticks, TimeSpan.FromDays(20).Ticks)));
        try
        {
            using var channel = new ClientChannel(settings);
            await TestCases.All[settings.Case](new TestRun(settings, channel, output), limit.Token);
            await output.WriteLineAsync($"{settings.Case}: passed");
            return true;
        }
        catch (InteropFailureException problem)
        {
            await error.WriteLineAsync($"{settings.Case}: failed: {problem.Message}");
        }
        catch (Exception problem) when (limit.IsCancellationRequested && problem is RpcException or OperationCanceledException)
        {
            await error.WriteLineAsync($"{settings.Case}: failed: {(cancellationToken.IsCancellationRequested ? "interrupted" : "the server has not answered in time")}.");
        }
        catch (RpcException problem)
        {
            await error.WriteLineAsync($"{settings.Case}: failed: a call to {settings.Address} ended with {problem.Status}.");
        }

        return false;
    }
}
