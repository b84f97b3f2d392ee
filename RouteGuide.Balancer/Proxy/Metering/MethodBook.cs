using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using RouteGuide.Balancer.Routing.Metering;

namespace RouteGuide.Balancer.Proxy.Metering;

/// <summary>A gRPC method that calls are counted by.</summary>
internal sealed record MethodMeter(string Service, string Method)
{
    public Slots<MethodCounts> Counts { get; } = new();
}

/// <summary>
/// The gRPC methods that have a name in the metrics. Clients may ask for any path, and each name would be kept for ever: so one is given only
/// when a target has answered in a way that shows it knows the method, and only so many are given. All other calls are counted together.
/// </summary>
/// <param name="limit">Names at most.</param>
internal sealed class MethodBook(int limit)
{
    /// <summary>Octets of a path that may get a name.</summary>
    public const int LongestPath = 200;

    private static readonly SearchValues<byte> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"u8);

    private readonly ConcurrentDictionary<string, MethodMeter> _methods = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();

    /// <summary>Calls of all methods that have no name.</summary>
    public MethodMeter Other { get; } = new("other", "other");

    /// <summary>Those with a name.</summary>
    public IEnumerable<MethodMeter> Named => _methods.Values;

    /// <summary>Whether a status comes from a target that knows the method. Servers say UNIMPLEMENTED of methods that they do not have, and those that ask who calls before that say so first.</summary>
    public static bool IsProof(int status) => status is not ((int)GrpcStatus.Unimplemented or (int)GrpcStatus.Unauthenticated or (int)GrpcStatus.PermissionDenied);

    /// <summary>The method of a path, if it has a name.</summary>
    public MethodMeter? Find(ReadOnlySpan<byte> path)
    {
        if (path.Length > LongestPath) return null;
        Span<char> text = stackalloc char[LongestPath];
        return _methods.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..Encoding.Latin1.GetChars(path, text)], out var known) ? known : null;
    }

    /// <summary>Gives a path a name. False if it cannot have one, or all names are given.</summary>
    public bool TryAdd(ReadOnlySpan<byte> path, [NotNullWhen(true)] out MethodMeter? method)
    {
        method = null;
        if (path.Length > LongestPath || path is not [(byte)'/', .. var rest] || rest.IndexOf((byte)'/') is not (> 0 and var slash) || slash == rest.Length - 1) return false;
        if (rest[..slash].ContainsAnyExcept(Plain) || rest[(slash + 1)..].ContainsAnyExcept(Plain)) return false;
        lock (_adding)
        {
            var text = Encoding.ASCII.GetString(path);
            if (_methods.TryGetValue(text, out method)) return true;
            if (_methods.Count >= limit) return false;
            method = new MethodMeter(text[1..(slash + 1)], text[(slash + 2)..]);
            return _methods.TryAdd(text, method);
        }
    }
}
