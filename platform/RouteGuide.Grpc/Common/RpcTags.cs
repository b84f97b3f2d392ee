using System.Diagnostics;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>What the spans of calls say, in the names of OpenTelemetry's conventions for RPC.</summary>
internal static class RpcTags
{
    /// <summary>Tags a span with its call.</summary>
    /// <param name="activity">The span.</param>
    /// <param name="method">The path of the method, <c>/package.Service/Method</c>.</param>
    /// <param name="code">How the call ended.</param>
    public static void Set(Activity activity, string method, StatusCode code)
    {
        var slash = method.LastIndexOf('/');
        activity.SetTag("rpc.system", "grpc");
        if (slash > 0)
        {
            activity.SetTag("rpc.service", method[1..slash]);
            activity.SetTag("rpc.method", method[(slash + 1)..]);
        }

        activity.SetTag("rpc.grpc.status_code", (int)code);
    }
}
