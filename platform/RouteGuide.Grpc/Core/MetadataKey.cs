using System.Buffers;

namespace Grpc.Core;

/// <summary>The rules for metadata keys (gRPC over HTTP/2, "Header-Name").</summary>
internal static class MetadataKey
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz._-");
    private static readonly SearchValues<char> AllowedInAnyCase =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-");

    /// <summary>Whether values of this lower-case key are bytes.</summary>
    public static bool IsBinary(string key) => key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal);

    /// <summary>Whether the key can stand in metadata as it is.</summary>
    public static bool IsValid(string key) => key.Length > 0 && !key.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>The key in lower case: the same instance if it is so already.</summary>
    /// <exception cref="ArgumentException">The key is empty or has a character that is not allowed.</exception>
    public static string Normalize(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (IsValid(key)) return key;

        if (key.Length == 0 || key.AsSpan().ContainsAnyExcept(AllowedInAnyCase))
            throw new ArgumentException($"'{key}' is not a valid metadata key: only letters, digits, '.', '_' and '-' are allowed.", nameof(key));

        return key.ToLowerInvariant();
    }
}
