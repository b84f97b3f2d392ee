using System.Buffers.Text;
using System.Text;
using RouteGuide.Balancer.Http2.Hpack;

namespace RouteGuide.Balancer.Http2;

/// <summary>What the rules had to find out anyway about a message.</summary>
internal struct MessageFacts
{
    /// <summary>The content-length, or -1.</summary>
    public long ContentLength;

    /// <summary>Of a response: 100 to 599.</summary>
    public int Status;

    /// <summary>The method is HEAD: the response has no content whatever its content-length says.</summary>
    public bool IsHead;

    /// <summary>The method is CONNECT.</summary>
    public bool IsConnect;

    /// <summary>Of a response: another one follows.</summary>
    public readonly bool IsInterim => Status is >= 100 and < 200;
}

/// <summary>
/// Tells malformed messages (RFC 9113 sections 8.1 to 8.5). Names and values were judged when their field was read; here it is about
/// which fields stand together.
/// </summary>
internal static class HeaderRules
{
    private const uint RequiredOfRequest = (1u << (int)KnownHeader.Method) | (1u << (int)KnownHeader.Scheme) | (1u << (int)KnownHeader.Path);

    /// <summary>Judges the header section of a request (section 8.3.1).</summary>
    public static HeaderFault CheckRequest(HeaderList list, out MessageFacts facts)
    {
        facts = new MessageFacts { ContentLength = -1 };
        var seen = 0u; // one bit per pseudo-header field
        var regular = false;
        var host = -1;
        var authority = -1;
        var isOptions = false;
        for (var i = 0; i < list.Count; i++)
        {
            ref readonly var field = ref list[i];
            if (field.Fault != HeaderFault.None) return field.Fault;
            var known = field.Known;
            if (known == KnownHeader.Other)
            {
                regular = true;
                continue;
            }

            if (!known.IsPseudo())
            {
                regular = true;
                var fault = CheckRegular(list, i, ref facts);
                if (fault != HeaderFault.None) return fault;
                if (known == KnownHeader.Host) host = i;
                continue;
            }

            if (regular) return HeaderFault.PseudoAfterRegular;
            var bit = 1u << (int)known;
            if ((seen & bit) != 0) return HeaderFault.DuplicatePseudo;
            seen |= bit;
            switch (known)
            {
                case KnownHeader.Method:
                    var method = list.Value(i);
                    if (!FieldSyntax.IsToken(method)) return HeaderFault.InvalidMethod;
                    facts.IsConnect = method.SequenceEqual("CONNECT"u8);
                    facts.IsHead = method.SequenceEqual("HEAD"u8);
                    isOptions = method.SequenceEqual("OPTIONS"u8);
                    break;
                case KnownHeader.Scheme:
                    if (!IsScheme(list.Value(i))) return HeaderFault.InvalidScheme;
                    break;
                case KnownHeader.Path:
                    if (!IsPath(list.Value(i))) return HeaderFault.InvalidPath;
                    break;
                case KnownHeader.Authority:
                    authority = i;
                    break;
                default: // :status, unknown ones, and :protocol, which needs the setting of RFC 8441 that we never send
                    return HeaderFault.UnexpectedPseudo;
            }
        }

        return CheckTarget(list, seen, authority, host, isOptions, in facts);
    }

    /// <summary>Judges the header section of a response, interim ones included (section 8.3.2).</summary>
    public static HeaderFault CheckResponse(HeaderList list, out MessageFacts facts)
    {
        facts = new MessageFacts { ContentLength = -1 };
        var regular = false;
        for (var i = 0; i < list.Count; i++)
        {
            ref readonly var field = ref list[i];
            if (field.Fault != HeaderFault.None) return field.Fault;
            if (!field.Known.IsPseudo())
            {
                regular = true;
                var fault = CheckRegular(list, i, ref facts);
                if (fault != HeaderFault.None) return fault;
                continue;
            }

            if (regular) return HeaderFault.PseudoAfterRegular;
            if (field.Known != KnownHeader.Status) return HeaderFault.UnexpectedPseudo;
            if (facts.Status != 0) return HeaderFault.DuplicatePseudo;
            if (!TryStatus(list.Value(i), out facts.Status)) return HeaderFault.InvalidStatus;
        }

        return facts.Status == 0 ? HeaderFault.MissingPseudo : HeaderFault.None;
    }

    /// <summary>Judges trailers (section 8.1).</summary>
    public static HeaderFault CheckTrailers(HeaderList list)
    {
        MessageFacts facts = default;
        facts.ContentLength = -1;
        for (var i = 0; i < list.Count; i++)
        {
            ref readonly var field = ref list[i];
            if (field.Fault != HeaderFault.None) return field.Fault;
            if (field.Known == KnownHeader.Other) continue;
            if (field.Known.IsPseudo()) return HeaderFault.PseudoInTrailers;
            var fault = CheckRegular(list, i, ref facts);
            if (fault != HeaderFault.None) return fault;
        }

        return HeaderFault.None;
    }

    private static HeaderFault CheckRegular(HeaderList list, int index, ref MessageFacts facts)
    {
        switch (list[index].Known)
        {
            case KnownHeader.Connection:
            case KnownHeader.KeepAlive:
            case KnownHeader.ProxyConnection:
            case KnownHeader.TransferEncoding:
            case KnownHeader.Upgrade:
                return HeaderFault.ConnectionSpecific;
            case KnownHeader.Te:
                return list.Value(index).SequenceEqual("trailers"u8) ? HeaderFault.None : HeaderFault.InvalidTe;
            case KnownHeader.ContentLength:
                return TryContentLength(list.Value(index), ref facts) ? HeaderFault.None : HeaderFault.InvalidContentLength;
            default:
                return HeaderFault.None;
        }
    }

    private static HeaderFault CheckTarget(HeaderList list, uint seen, int authority, int host, bool isOptions, in MessageFacts facts)
    {
        if (facts.IsConnect)
        {
            // Section 8.5: only :method and :authority.
            var allowed = (1u << (int)KnownHeader.Method) | (1u << (int)KnownHeader.Authority);
            if (seen != allowed || list.Value(authority).IsEmpty) return HeaderFault.InvalidConnect;
        }
        else
        {
            if ((seen & RequiredOfRequest) != RequiredOfRequest) return HeaderFault.MissingPseudo;
            if (!isOptions && list.Value(list.IndexOf(KnownHeader.Path))[0] == (byte)'*') return HeaderFault.InvalidPath;
        }

        if (authority >= 0 && list.Value(authority).Contains((byte)'@')) return HeaderFault.InvalidAuthority;
        // A Host that names another entity than :authority makes two servers see two requests.
        if (authority >= 0 && host >= 0 && !Ascii.EqualsIgnoreCase(list.Value(authority), list.Value(host))) return HeaderFault.InvalidAuthority;
        return HeaderFault.None;
    }

    // RFC 3986 section 3.1
    private static bool IsScheme(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || !char.IsAsciiLetter((char)value[0])) return false;
        foreach (var octet in value)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'+' or (byte)'-' or (byte)'.')) return false;
        }

        return true;
    }

    private static bool IsPath(ReadOnlySpan<byte> value) => value is [(byte)'/', ..] ? value.IndexOfAny((byte)' ', (byte)'\t', (byte)'#') < 0 : value is [(byte)'*'];

    private static bool TryStatus(ReadOnlySpan<byte> value, out int status)
    {
        status = 0;
        if (value.Length != 3) return false;
        foreach (var octet in value)
        {
            if (octet is < (byte)'0' or > (byte)'9') return false;
            status = status * 10 + (octet - '0');
        }

        return status is >= 100 and <= 599 and not 101;
    }

    private static bool TryContentLength(ReadOnlySpan<byte> value, ref MessageFacts facts)
    {
        // No sign, no list, nothing behind; 18 digits cannot overflow.
        if (value.Length is 0 or > 18 || value.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0) return false;
        if (!Utf8Parser.TryParse(value, out long length, out _)) return false;
        if (facts.ContentLength >= 0 && facts.ContentLength != length) return false;
        facts.ContentLength = length;
        return true;
    }
}
