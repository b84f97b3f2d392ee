using System.Security.Cryptography;
using System.Text;

namespace RouteGuide.Dashboard.Security;

/// <summary>Compares secrets in a time that tells nothing about them.</summary>
internal static class FixedTime
{
    /// <summary>Whether two texts are the same. Hashes are compared, so not even the length shows.</summary>
    public static bool Equal(string? given, string expected) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given ?? "")), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
}
