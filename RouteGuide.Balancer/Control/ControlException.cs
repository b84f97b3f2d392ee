using Microsoft.AspNetCore.WebUtilities;

namespace RouteGuide.Balancer.Control;

/// <summary>A change that cannot be made, as whoever asked for it is told.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="detail">What is wrong: it names the thing and the value.</param>
internal sealed class ControlException(int status, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    /// <summary>The status in words.</summary>
    public string Title => ReasonPhrases.GetReasonPhrase(Status) is { Length: > 0 } phrase ? phrase : $"{Status}";

    /// <summary>The methods that there are instead, for 405.</summary>
    public string? Allow { get; init; }
}
