using System.Globalization;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>
/// Finds what is meant for a host name: an exact name first, then a wildcard, which stands for exactly one label, the leftmost
/// (RFC 9525 section 6.3). Names that come first win. It never changes.
/// </summary>
internal sealed class ServerNames<T>
    where T : class
{
    private static readonly IdnMapping Idn = new();

    private readonly Dictionary<string, T> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, T> _wildcards = new(StringComparer.OrdinalIgnoreCase); // by what follows "*."

    public ServerNames(IEnumerable<KeyValuePair<string, T>> names)
    {
        foreach (var (name, value) in names)
        {
            var ascii = Ascii(name);
            if (ascii.StartsWith("*.", StringComparison.Ordinal)) _wildcards.TryAdd(ascii[2..], value);
            // A part of a label is no wildcard any more, and no host is called by a star.
            else if (!ascii.Contains('*')) _exact.TryAdd(ascii, value);
        }
    }

    /// <summary>Null if the name fits nothing.</summary>
    public T? Find(string serverName)
    {
        if (serverName.Length == 0) return null;
        var name = Ascii(serverName);
        if (_exact.TryGetValue(name, out var exact)) return exact;
        if (_wildcards.Count == 0) return null;
        var dot = name.IndexOf('.');
        return dot > 0 ? _wildcards.GetValueOrDefault(name[(dot + 1)..]) : null;
    }

    // SslStream shows international names in their own letters, certificates have them encoded. A final dot means the same host.
    private static string Ascii(string name)
    {
        name = name.TrimEnd('.');
        if (System.Text.Ascii.IsValid(name)) return name;
        try
        {
            return Idn.GetAscii(name);
        }
        catch (ArgumentException)
        {
            // No host name at all, so nothing is found by it.
            return name;
        }
    }
}
