using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

/// <summary>Makes the credentials of a call.</summary>
internal static partial class CallCredentialsRunner
{
    /// <summary>The credentials as metadata: the channel's, then the call's own. None on a channel that would send them in plaintext.</summary>
    public static async Task<Metadata> RunAsync(
        GrpcChannel channel, MethodInformation information, IMethod method, CallCredentials? credentials, CancellationToken cancellationToken)
    {
        if (credentials is null && channel.CallCredentials.Count == 0) return Metadata.Empty;

        var metadata = new Metadata();
        if (!channel.MaySendCredentials)
        {
            LogSkipped(channel.Logger, method.FullName);
            return metadata;
        }

        var context = new AuthInterceptorContext(information.ServiceUrl, method.Name, cancellationToken);
        foreach (var interceptor in channel.CallCredentials) await interceptor(context, metadata).ConfigureAwait(false);
        if (credentials is null) return metadata;

        foreach (var interceptor in CallCredentialsCollector.Collect(credentials)) await interceptor(context, metadata).ConfigureAwait(false);
        return metadata;
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "The credentials of the call {Method} are not sent: the channel is plaintext.")]
    private static partial void LogSkipped(ILogger logger, string method);
}
