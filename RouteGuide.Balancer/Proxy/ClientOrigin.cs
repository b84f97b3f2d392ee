using System.Globalization;
using System.Net;
using System.Text;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Transport;
using RouteGuide.Http2.Transport.Tls;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Where the calls of one connection come from, as fields made once, so that encoders know them again.</summary>
/// <param name="remote">The client's end.</param>
/// <param name="local">This end.</param>
/// <param name="isTls">It is encrypted.</param>
/// <param name="certificate">What targets are told of the client's certificate.</param>
internal sealed class ClientOrigin(IPEndPoint remote, IPEndPoint local, bool isTls, IReadOnlyList<ClientCertificateField> certificate)
{
    private static readonly HeaderEntry Http = new("x-forwarded-proto", "http");
    private static readonly HeaderEntry Https = new("x-forwarded-proto", "https");

    // Of the loop's thread: ten thousand connections from one address to one port share their fields.
    [ThreadStatic]
    private static HeaderInterner? _interner;

    private static long _connections;

    private readonly HeaderEntry[] _certificate = [.. certificate.Select(f => new HeaderEntry(f.Name, f.Value))];

    /// <summary>Of a connection.</summary>
    public static ClientOrigin Of(IChannel channel, bool isTls) =>
        new(channel.Remote, channel.Local, isTls, channel is SecureChannel secure ? secure.ClientCertificate : []) { Tls = (channel as SecureChannel)?.Facts };

    /// <summary>The client's end.</summary>
    public IPEndPoint Remote { get; } = remote;

    /// <summary>This end.</summary>
    public IPEndPoint Local { get; } = local;

    /// <summary>It is encrypted.</summary>
    public bool IsTls { get; } = isTls;

    /// <summary>What was agreed on in the handshake; null if nobody wanted to know, or it is not encrypted.</summary>
    public TlsFacts? Tls { get; private init; }

    /// <summary>Unlike that of any other connection of the process.</summary>
    public long Id { get; } = Interlocked.Increment(ref _connections);

    public HeaderEntry ForwardedFor { get; } = Intern("x-forwarded-for", (remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address).ToString());

    public HeaderEntry ForwardedProto { get; } = isTls ? Https : Http;

    /// <summary>What targets are told of the client's certificate; mostly nothing.</summary>
    public ReadOnlySpan<HeaderEntry> Certificate => _certificate;

    public HeaderEntry ForwardedPort { get; } = Intern("x-forwarded-port", local.Port.ToString(CultureInfo.InvariantCulture));

    private static HeaderEntry Intern(string name, string value) => (_interner ??= new HeaderInterner()).Intern(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
}
