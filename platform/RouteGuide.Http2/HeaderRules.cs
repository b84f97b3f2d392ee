using System.Buffers.Text;
using System.Text;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Http2;

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
/// Tells malformed messages (RFC 9113 sections 8.1 to 8.5). Each field by itself was judged when it was read (<see cref="FieldSyntax"/>);
/// here it is about which fields stand together.
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
        var isAsterisk = false;
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
                if (known == KnownHeader.ContentLength && !TryContentLength(list.Value(i), ref facts)) return HeaderFault.InvalidContentLength;
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
                    facts.IsConnect = method.SequenceEqual("CONNECT"u8);
                    facts.IsHead = method.SequenceEqual("HEAD"u8);
                    isOptions = method.SequenceEqual("OPTIONS"u8);
                    break;
                case KnownHeader.Scheme:
                    break;
                case KnownHeader.Path:
                    isAsterisk = list.Value(i)[0] == (byte)'*';
                    break;
                case KnownHeader.Authority:
                    authority = i;
                    break;
                default: // :status, unknown ones, and :protocol, which needs the setting of RFC 8441 that we never send
                    return HeaderFault.UnexpectedPseudo;
            }
        }

        if (isAsterisk && !isOptions) return HeaderFault.InvalidPath;
        return CheckTarget(list, seen, authority, host, in facts);
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
                if (field.Known == KnownHeader.ContentLength && !TryContentLength(list.Value(i), ref facts)) return HeaderFault.InvalidContentLength;
                continue;
            }

            if (regular) return HeaderFault.PseudoAfterRegular;
            if (field.Known != KnownHeader.Status) return HeaderFault.UnexpectedPseudo;
            if (facts.Status != 0) return HeaderFault.DuplicatePseudo;
            var status = list.Value(i);
            facts.Status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
        }

        return facts.Status == 0 ? HeaderFault.MissingPseudo : HeaderFault.None;
    }

    /// <summary>Judges trailers (section 8.1).</summary>
    public static HeaderFault CheckTrailers(HeaderList list)
    {
        foreach (ref readonly var field in list.Fields)
        {
            if (field.Fault != HeaderFault.None) return field.Fault;
            if (field.Known.IsPseudo()) return HeaderFault.PseudoInTrailers;
        }

        return HeaderFault.None;
    }

    private static HeaderFault CheckTarget(HeaderList list, uint seen, int authority, int host, in MessageFacts facts)
    {
        if (facts.IsConnect)
        {
            // Section 8.5: only :method and :authority.
            var allowed = (1u << (int)KnownHeader.Method) | (1u << (int)KnownHeader.Authority);
            if (seen != allowed || list.Value(authority).IsEmpty) return HeaderFault.InvalidConnect;
        }
        else if ((seen & RequiredOfRequest) != RequiredOfRequest)
        {
            return HeaderFault.MissingPseudo;
        }

        // A Host that names another entity than :authority makes two servers see two requests.
        if (authority >= 0 && host >= 0 && !Ascii.EqualsIgnoreCase(list.Value(authority), list.Value(host))) return HeaderFault.InvalidAuthority;
        return HeaderFault.None;
    }

    private static bool TryContentLength(ReadOnlySpan<byte> value, ref MessageFacts facts)
    {
        if (!Utf8Parser.TryParse(value, out long length, out _)) return false;
        if (facts.ContentLength >= 0 && facts.ContentLength != length) return false;
        facts.ContentLength = length;
        return true;
    }
}
