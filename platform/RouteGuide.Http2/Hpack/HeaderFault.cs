namespace RouteGuide.Http2.Hpack;

/// <summary>Why a message is malformed (RFC 9113 section 8.1.1); each is an error of the stream.</summary>
internal enum HeaderFault : byte
{
    None,

    /// <summary>Section 8.2.1: a name that is empty, not lower case or not a token.</summary>
    InvalidName,

    /// <summary>Section 8.2.1: a value with NUL, CR or LF, or with white space at an end.</summary>
    InvalidValue,

    /// <summary>Section 8.3: a pseudo-header field after a regular one.</summary>
    PseudoAfterRegular,

    /// <summary>Section 8.3: a pseudo-header field that is not defined, or not for this kind of message.</summary>
    UnexpectedPseudo,

    /// <summary>Section 8.3.1: a pseudo-header field twice.</summary>
    DuplicatePseudo,

    /// <summary>Section 8.3: a pseudo-header field that must be there is not.</summary>
    MissingPseudo,

    /// <summary>Section 8.1: a pseudo-header field in trailers.</summary>
    PseudoInTrailers,

    /// <summary>Section 8.2.2: connection, keep-alive, proxy-connection, transfer-encoding or upgrade.</summary>
    ConnectionSpecific,

    /// <summary>Section 8.2.2: te with another value than "trailers".</summary>
    InvalidTe,

    /// <summary>Section 8.3.1: a :method that is no token.</summary>
    InvalidMethod,

    /// <summary>Section 8.3.1: a :scheme that is no scheme.</summary>
    InvalidScheme,

    /// <summary>Section 8.3.1: a :path that is empty or does not begin with a slash (nor is "*" of OPTIONS).</summary>
    InvalidPath,

    /// <summary>Section 8.3.1: an :authority with user information or empty, or one that another Host contradicts.</summary>
    InvalidAuthority,

    /// <summary>Section 8.5: CONNECT with :scheme or :path, or without :authority.</summary>
    InvalidConnect,

    /// <summary>Section 8.3.2: a :status that is not three digits from 100 to 599, or is 101 (section 8.6).</summary>
    InvalidStatus,

    /// <summary>RFC 9110 section 8.6: a content-length that is no number, or two that differ.</summary>
    InvalidContentLength,

    /// <summary>Section 8.1.1: the octets of DATA are not as many as content-length said.</summary>
    ContentLengthMismatch,

    /// <summary>Section 8.1: a block after the first that does not end the stream.</summary>
    TrailersWithoutEnd,

    /// <summary>Section 8.1: an interim response that ends the stream.</summary>
    InterimWithEnd,
}
