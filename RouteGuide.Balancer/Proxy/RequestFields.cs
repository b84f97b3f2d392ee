using System.Buffers.Text;
using System.Globalization;
using System.Text;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The header fields of a request, as they go on to a target.</summary>
internal static class RequestFields
{
    // Kestrel, for one, refuses a scheme that is not the connection's own.
    private static readonly HeaderEntry SchemeHttp = new(":scheme", "http");
    private static readonly HeaderEntry SchemeHttps = new(":scheme", "https");
    private static readonly HeaderEntry AuthorityName = new(":authority", "");
    private static readonly HeaderEntry ForwardedForName = new("x-forwarded-for", "");
    private static readonly HeaderEntry TimeoutName = new("grpc-timeout", "");
    private static readonly HeaderEntry PreviousAttemptsName = new("grpc-previous-rpc-attempts", "");

    /// <summary>The first field whose value holds a control character, or -1: not every server behind treats them alike.</summary>
    public static int FindUnsafe(HeaderList headers)
    {
        for (var i = 0; i < headers.Count; i++)
        {
            var value = headers.Value(i);
            // A tab is white space to everybody.
            while (value.IndexOfAnyInRange((byte)0, (byte)0x1f) is var at and >= 0)
            {
                if (value[at] != (byte)'\t') return i;
                value = value[(at + 1)..];
            }

            if (value.Contains((byte)0x7f)) return i;
        }

        return -1;
    }

    /// <summary>Makes the request for a target out of a client's.</summary>
    /// <param name="source">The client's; its rules have been checked.</param>
    /// <param name="destination">Empty.</param>
    /// <param name="origin">Where the client came from.</param>
    /// <param name="timeout">For the <c>grpc-timeout</c>; null leaves the client's.</param>
    public static void Forward(HeaderList source, HeaderList destination, ClientOrigin origin, TimeSpan? timeout)
    {
        var authority = source.IndexOf(KnownHeader.Authority);
        var forwardedFor = false;
        var keepsTrace = source.IndexOf(KnownHeader.TraceParent) is >= 0 and var parent && TraceContext.IsValid(source.Value(parent));
        // Pseudo-header fields come first (RFC 9113 section 8.3).
        for (var i = 0; i < source.Count && source[i].Known.IsPseudo(); i++)
        {
            if (source[i].Known == KnownHeader.Scheme) destination.Add(SchemeHttp);
            else destination.Add(source, i);
        }

        if (authority < 0 && source.IndexOf(KnownHeader.Host) is var host and >= 0) destination.Add(AuthorityName, source.Value(host));
        for (var i = 0; i < source.Count; i++)
        {
            var known = source[i].Known;
            if (known.IsPseudo()) continue;
            switch (known)
            {
                case KnownHeader.Host or KnownHeader.TraceParent or KnownHeader.XForwardedProto or KnownHeader.XForwardedPort or KnownHeader.ClientCertificate:
                    break;
                // What goes with a parent goes with it.
                case KnownHeader.TraceState when !keepsTrace:
                    break;
                case KnownHeader.GrpcTimeout when timeout is not null:
                    break;
                case KnownHeader.XForwardedFor:
                    forwardedFor = true;
                    break;
                default:
                    destination.Add(source, i);
                    break;
            }
        }

        if (forwardedFor) AddForwardedFor(source, destination, origin);
        else destination.Add(origin.ForwardedFor);
        if (timeout is { } after) destination.Add(TimeoutName, Encoding.ASCII.GetBytes(GrpcProtocol.FormatTimeout(after)));
        destination.Add(origin.ForwardedProto);
        destination.Add(origin.ForwardedPort);
        foreach (var field in origin.Certificate) destination.Add(field);
    }

    /// <summary>Copies a request for a target that is reached over TLS.</summary>
    /// <param name="source">As <see cref="Forward"/> made it.</param>
    /// <param name="destination">Empty.</param>
    public static void CopyAsHttps(HeaderList source, HeaderList destination)
    {
        for (var i = 0; i < source.Count; i++)
        {
            if (source[i].Known == KnownHeader.Scheme) destination.Add(SchemeHttps);
            else destination.Add(source, i);
        }
    }

    /// <summary>Copies a request's trailers. What only the balancer may say is left out, as some servers make no difference to headers.</summary>
    /// <param name="source">The client's; their rules have been checked.</param>
    /// <param name="destination">Empty.</param>
    public static void CopyTrailers(HeaderList source, HeaderList destination)
    {
        for (var i = 0; i < source.Count; i++)
        {
            if (source[i].Known != KnownHeader.ClientCertificate) destination.Add(source, i);
        }
    }

    /// <summary>Copies a request for a further attempt.</summary>
    /// <param name="source">As <see cref="Forward"/> made it.</param>
    /// <param name="destination">Empty.</param>
    /// <param name="left">Of its deadline; null leaves the field.</param>
    /// <param name="previous">Attempts that a target may have seen (gRFC A6); the client may have made some of its own before.</param>
    /// <param name="asHttps">For a target that is reached over TLS.</param>
    public static void CopyForFurther(HeaderList source, HeaderList destination, TimeSpan? left, int previous, bool asHttps)
    {
        var clients = 0;
        for (var i = 0; i < source.Count; i++)
        {
            var known = source[i].Known;
            if (asHttps && known == KnownHeader.Scheme) destination.Add(SchemeHttps);
            else if (known == KnownHeader.GrpcTimeout && left is { } time) destination.Add(TimeoutName, Encoding.ASCII.GetBytes(GrpcProtocol.FormatTimeout(time)));
            else if (known != KnownHeader.GrpcPreviousRpcAttempts || previous == 0) destination.Add(source, i);
            else if (Utf8Parser.TryParse(source.Value(i), out int count, out var used) && used == source.Value(i).Length && count is > 0 and < 1_000_000) clients = count;
        }

        if (previous > 0) destination.Add(PreviousAttemptsName, Encoding.ASCII.GetBytes((clients + previous).ToString(CultureInfo.InvariantCulture)));
    }

    // All that came in one field, in their order, and the client behind them.
    private static void AddForwardedFor(HeaderList source, HeaderList destination, ClientOrigin origin)
    {
        var most = origin.ForwardedFor.Value.Length + 1;
        for (var i = 0; i < source.Count; i++)
        {
            if (source[i].Known == KnownHeader.XForwardedFor) most += source.Value(i).Length + 1;
        }

        var room = destination.Reserve(most);
        var length = 0;
        for (var i = 0; i < source.Count; i++)
        {
            if (source[i].Known != KnownHeader.XForwardedFor || source.Value(i).IsEmpty) continue;
            if (length > 0) room[length++] = (byte)',';
            source.Value(i).CopyTo(room[length..]);
            length += source.Value(i).Length;
        }

        if (length > 0)
        {
            ", "u8.CopyTo(room[length..]);
            length += 2;
        }

        origin.ForwardedFor.Value.CopyTo(room[length..]);
        destination.Commit(ForwardedForName, 0, length + origin.ForwardedFor.Value.Length, neverIndexed: false);
    }
}
