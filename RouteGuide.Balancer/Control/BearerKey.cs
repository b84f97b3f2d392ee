using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace RouteGuide.Balancer.Control;

/// <summary>A shared key that requests show: <c>authorization: Bearer &lt;key&gt;</c>.</summary>
/// <param name="key">Null is no key at all: nobody can show it.</param>
internal sealed class BearerKey(string? key)
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so that comparing them tells nothing about the key's.
    private readonly byte[]? _key = key is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(key));

    public bool IsSet => _key is not null;

    /// <summary>Whether the field has the key.</summary>
    public bool Admits(StringValues authorization) =>
        _key is not null
        && authorization.Count == 1
        && authorization[0] is { } value
        && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        // Header bytes come as Latin-1 characters; the key is compared as the bytes that it was sent as.
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.Latin1.GetBytes(value[Scheme.Length..])), _key);
}
