using System.Net.Sockets;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>Why the balancer could not start, for the person who started it: one line, no stack trace.</summary>
internal static class StartFailure
{
    /// <summary>The line, or null when the exception is none that a setting can cause.</summary>
    public static string? Explain(Exception exception) => exception switch
    {
        ConfigurationException => OneLine(exception.Message),
        // Kestrel names the address in both.
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => OneLine(exception.Message),
        SocketException e => OneLine($"cannot listen: {e.Message}"),
        IOException { InnerException: SocketException } => OneLine(exception.Message),
        _ => null,
    };

    public static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
