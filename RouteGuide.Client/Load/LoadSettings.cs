using Grpc.Core;

namespace RouteGuide.Client.Load;

/// <summary>What <c>load</c> is asked for, checked.</summary>
/// <param name="Method">A kind of RPC of RouteGuide, or any method as <c>package.Service/Method</c>.</param>
/// <param name="Data">What to send to a method that is not of RouteGuide: JSON, <c>@file</c> or <c>-</c>; null for an empty message.</param>
/// <param name="Concurrency">Calls in flight at most.</param>
/// <param name="Connections">Connections that they share.</param>
/// <param name="Rate">Calls per second that are started, whether or not earlier ones have ended; null for one after the other.</param>
/// <param name="Duration">For how long calls are started; null for no limit.</param>
/// <param name="Requests">How many are started; null for no limit.</param>
/// <param name="Timeout">How long each may take; null for no limit.</param>
/// <param name="Headers">Metadata to send.</param>
/// <param name="Json">Whether the summary is JSON.</param>
internal sealed record LoadSettings(
    string Method, string? Data, int Concurrency, int Connections, double? Rate, TimeSpan? Duration, long? Requests, TimeSpan? Timeout, Metadata Headers, bool Json);
