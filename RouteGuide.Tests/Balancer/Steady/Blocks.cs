using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Steady;

/// <summary>Header blocks with the dynamic table in use, as all real peers send them.</summary>
internal static class Blocks
{
    public static byte[] Encode(HpackEncoder encoder, params (string Name, string Value)[] fields)
    {
        var list = new HeaderList();
        foreach (var (name, value) in fields) list.Add(new HeaderEntry(name, value));
        var block = new byte[HpackEncoder.MaxEncodedLength(list)];
        return block[..encoder.Encode(list, block)];
    }
}
