using Grpc.AspNetCore.Server.Internal;
using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

/// <summary>What a call has on ASP.NET Core only.</summary>
public static class ServerCallContextExtensions
{
    /// <summary>
    /// The HTTP request behind a call. For a context that a test wrote, the value that its
    /// <see cref="ServerCallContext.UserState"/> holds under <c>__HttpContext</c>.
    /// </summary>
    /// <param name="serverCallContext">The call.</param>
    /// <exception cref="InvalidOperationException">The call has no HTTP request.</exception>
    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext)
    {
        ArgumentNullException.ThrowIfNull(serverCallContext);
        if (serverCallContext is ServerCall call) return call.HttpContext;
        if (serverCallContext.UserState.TryGetValue(ServerCall.HttpContextKey, out var value) && value is HttpContext http) return http;
        throw new InvalidOperationException($"The call has no HTTP context: '{serverCallContext.GetType()}' was not made by gRPC on ASP.NET Core.");
    }
}
