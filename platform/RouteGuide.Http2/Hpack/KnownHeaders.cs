namespace RouteGuide.Http2.Hpack;

/// <summary>Finds the <see cref="KnownHeader"/> of a name.</summary>
internal static class KnownHeaders
{
    private static readonly (byte[] Name, KnownHeader Known)[] All =
    [
        (":authority"u8.ToArray(), KnownHeader.Authority),
        (":method"u8.ToArray(), KnownHeader.Method),
        (":path"u8.ToArray(), KnownHeader.Path),
        (":scheme"u8.ToArray(), KnownHeader.Scheme),
        (":status"u8.ToArray(), KnownHeader.Status),
        (":protocol"u8.ToArray(), KnownHeader.Protocol),
        ("connection"u8.ToArray(), KnownHeader.Connection),
        ("keep-alive"u8.ToArray(), KnownHeader.KeepAlive),
        ("proxy-connection"u8.ToArray(), KnownHeader.ProxyConnection),
        ("transfer-encoding"u8.ToArray(), KnownHeader.TransferEncoding),
        ("upgrade"u8.ToArray(), KnownHeader.Upgrade),
        ("te"u8.ToArray(), KnownHeader.Te),
        ("content-length"u8.ToArray(), KnownHeader.ContentLength),
        ("content-type"u8.ToArray(), KnownHeader.ContentType),
        ("host"u8.ToArray(), KnownHeader.Host),
        ("cookie"u8.ToArray(), KnownHeader.Cookie),
        ("authorization"u8.ToArray(), KnownHeader.Authorization),
        ("user-agent"u8.ToArray(), KnownHeader.UserAgent),
        ("server"u8.ToArray(), KnownHeader.Server),
        ("date"u8.ToArray(), KnownHeader.Date),
        ("expect"u8.ToArray(), KnownHeader.Expect),
        ("grpc-status"u8.ToArray(), KnownHeader.GrpcStatus),
        ("grpc-message"u8.ToArray(), KnownHeader.GrpcMessage),
        ("grpc-timeout"u8.ToArray(), KnownHeader.GrpcTimeout),
        ("grpc-encoding"u8.ToArray(), KnownHeader.GrpcEncoding),
        ("grpc-accept-encoding"u8.ToArray(), KnownHeader.GrpcAcceptEncoding),
        ("grpc-previous-rpc-attempts"u8.ToArray(), KnownHeader.GrpcPreviousRpcAttempts),
        ("grpc-retry-pushback-ms"u8.ToArray(), KnownHeader.GrpcRetryPushback),
        ("traceparent"u8.ToArray(), KnownHeader.TraceParent),
        ("tracestate"u8.ToArray(), KnownHeader.TraceState),
        ("x-forwarded-for"u8.ToArray(), KnownHeader.XForwardedFor),
        ("x-forwarded-proto"u8.ToArray(), KnownHeader.XForwardedProto),
        ("x-forwarded-port"u8.ToArray(), KnownHeader.XForwardedPort),
        ("x-request-id"u8.ToArray(), KnownHeader.XRequestId),
    ];

    // By length: no length has more than a handful of names, so a hash would buy nothing.
    private static readonly (byte[] Name, KnownHeader Known)[][] ByLength = Index();

    public static KnownHeader Find(ReadOnlySpan<byte> name)
    {
        if (name.Length < ByLength.Length)
        {
            foreach (var (candidate, known) in ByLength[name.Length])
            {
                if (name.SequenceEqual(candidate)) return known;
            }
        }

        return name switch
        {
            [(byte)':', ..] => KnownHeader.UnknownPseudo,
            [(byte)'x', (byte)'-' or (byte)'_', (byte)'a', (byte)'m', ..] when IsClientCertificate(name) => KnownHeader.ClientCertificate,
            _ => KnownHeader.Other,
        };
    }

    // Some servers make one of hyphen and underscore, so that either could pass for the other behind them.
    private static bool IsClientCertificate(ReadOnlySpan<byte> name)
    {
        var prefix = "x-amzn-mtls-"u8;
        if (name.Length < prefix.Length) return false;
        for (var i = 0; i < prefix.Length; i++)
        {
            if (name[i] != prefix[i] && !(prefix[i] == (byte)'-' && name[i] == (byte)'_')) return false;
        }

        return true;
    }

    /// <summary>True for <c>:authority</c> … and whatever else begins with a colon.</summary>
    public static bool IsPseudo(this KnownHeader known) => known is >= KnownHeader.Authority and <= KnownHeader.UnknownPseudo;

    private static (byte[] Name, KnownHeader Known)[][] Index()
    {
        var index = new (byte[], KnownHeader)[All.Max(h => h.Name.Length) + 1][];
        for (var length = 0; length < index.Length; length++) index[length] = [.. All.Where(h => h.Name.Length == length)];
        return index;
    }
}
