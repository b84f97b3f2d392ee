using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RouteGuide.Balancer.Routing;

/// <summary>Numbers for names that are the same in every process, so that several balancers agree without talking.</summary>
internal static class StableHash
{
    /// <summary>Of the name of a target or group: no two have the same but by a chance of 1 in 2^64.</summary>
    public static ulong OfName(string name) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    /// <summary>Of a call's key: FNV-1a, mixed. Cheap; whoever makes keys collide gains one target, which a single key gives him too.</summary>
    public static ulong OfKey(ReadOnlySpan<byte> key)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var octet in key) hash = (hash ^ octet) * 1_099_511_628_211;
        return Mix(hash);
    }

    /// <summary>Spreads a number over all bits (the finalizer of SplitMix64).</summary>
    public static ulong Mix(ulong number)
    {
        number = (number ^ (number >> 30)) * 0xbf58_476d_1ce4_e5b9;
        number = (number ^ (number >> 27)) * 0x94d0_49bb_1331_11eb;
        return number ^ (number >> 31);
    }
}
