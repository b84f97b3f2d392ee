using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>What tests send by hand.</summary>
internal static class Wire
{
    public const int NoError = 0;
    public const int ProtocolError = 1;
    public const int InternalError = 2;
    public const int RefusedStream = 7;
    public const int Cancel = 8;
    public const int EnhanceYourCalm = 11;
    public const int InadequateSecurity = 12;

    /// <summary>The headers of a gRPC request to a listener; fields given again replace the usual ones.</summary>
    public static (string Name, string Value)[] Request(Uri listener, string path = "/test.Service/Call", params (string Name, string Value)[] fields)
    {
        (string Name, string Value)[] usual = [.. RawHttp2Connection.GrpcRequest(path).Select(h => h.Name == ":scheme" ? (h.Name, listener.Scheme) : h)];
        // Pseudo-header fields come first.
        return [.. usual.Select(u => fields.Where(f => f.Name == u.Name).DefaultIfEmpty(u).Last()), .. fields.Where(f => usual.All(u => u.Name != f.Name))];
    }
}
