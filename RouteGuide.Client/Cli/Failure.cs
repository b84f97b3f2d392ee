using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace RouteGuide.Client.Cli;

/// <summary>Says in one line, for a person at a terminal, why a call failed and what to do about it.</summary>
internal static class Failure
{
    public static (int Code, string Line) Explain(RpcException problem, Uri address, TimeSpan? deadline)
    {
        if (Unconnected(problem, address) is { } unconnected) return unconnected;
        if (problem.StatusCode == StatusCode.DeadlineExceeded)
        {
            return (ExitCode.DeadlineExceeded, $"deadline exceeded: no answer from {Authority(address)} within {deadline?.TotalSeconds:0.###} s.");
        }

        if (Causes(problem).OfType<HttpIOException>().FirstOrDefault(cause => cause is not HttpProtocolException) is { } broken)
        {
            var hint = address.Scheme == Uri.UriSchemeHttp ? " If it speaks TLS, use https://." : "";
            return (ExitCode.CallFailed, $"{Authority(address)} does not answer in HTTP/2 ({broken.Message}).{hint}");
        }

        return (ExitCode.CallFailed, $"the call failed: {problem.StatusCode}: {(problem.Status.Detail.Length > 0 ? problem.Status.Detail : "(no detail)")}");
    }

    /// <summary>What is to be said where no call can have reached anyone, else null.</summary>
    public static (int Code, string Line)? Unconnected(RpcException problem, Uri address)
    {
        var causes = Causes(problem).ToList();
        if (causes.OfType<AuthenticationException>().FirstOrDefault() is { } untrusted)
        {
            return (ExitCode.NotTrusted, $"the certificate of {Authority(address)} is not trusted ({untrusted.Message}). Name its root with --ca FILE, or see --insecure.");
        }

        return problem.StatusCode != StatusCode.DeadlineExceeded && causes.OfType<SocketException>().FirstOrDefault() is { } unreachable
            ? (ExitCode.Unreachable, $"nobody answers at {Authority(address)} ({unreachable.Message}).")
            : null;
    }

    // Those of the layers below; the call's own exception says no more than its status.
    private static IEnumerable<Exception> Causes(RpcException problem)
    {
        for (var cause = problem.Status.DebugException; cause is not null; cause = cause.InnerException) yield return cause;
    }

    private static string Authority(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
