namespace RouteGuide.Balancer.Routing;

/// <summary>How a call came, as access logs of load balancers tell it.</summary>
internal enum CallType
{
    /// <summary>HTTP/1 in plaintext.</summary>
    Http,

    /// <summary>HTTP/1 over TLS.</summary>
    Https,

    /// <summary>HTTP/2 in plaintext.</summary>
    H2c,

    /// <summary>HTTP/2 over TLS.</summary>
    H2,

    /// <summary>gRPC in plaintext.</summary>
    Grpc,

    /// <summary>gRPC over TLS.</summary>
    Grpcs,

    /// <summary>A connection that is passed on whole.</summary>
    Tcp,
}

internal static class CallTypes
{
    private static readonly string[] Names = [.. Enum.GetNames<CallType>().Select(n => n.ToLowerInvariant())];

    public static CallType Of(bool isHttp2, bool isGrpc, bool isTls) => (CallType)((isHttp2 && isGrpc ? 4 : isHttp2 ? 2 : 0) + (isTls ? 1 : 0));

    /// <summary>As it stands in the access log and in labels.</summary>
    public static string Name(this CallType type) => Names[(int)type];

    public static bool IsGrpc(this CallType type) => type is CallType.Grpc or CallType.Grpcs;

    public static bool IsHttp2(this CallType type) => type is >= CallType.H2c and <= CallType.Grpcs;

    public static bool IsTls(this CallType type) => type != CallType.Tcp && ((int)type & 1) != 0;
}
