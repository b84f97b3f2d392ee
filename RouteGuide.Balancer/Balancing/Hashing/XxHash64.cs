using System.Buffers.Binary;
using System.Numerics;

namespace RouteGuide.Balancer.Balancing.Hashing;

/// <summary>
/// XXH64 with seed 0, by its published specification: fast, spread well, and the same in every process on every machine, so that several
/// balancers send a key to the same target. Not against hostile keys: who knows it can choose keys that meet.
/// </summary>
internal static class XxHash64
{
    private const ulong Prime1 = 11400714785074694791;
    private const ulong Prime2 = 14029467366897019727;
    private const ulong Prime3 = 1609587929392839161;
    private const ulong Prime4 = 9650029242287828579;
    private const ulong Prime5 = 2870177450012600261;

    public static ulong Of(ReadOnlySpan<byte> data)
    {
        var rest = data;
        var hash = data.Length >= 32 ? Stripes(ref rest) : Prime5;
        hash += (ulong)data.Length;
        for (; rest.Length >= 8; rest = rest[8..]) hash = BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * Prime1 + Prime4;
        if (rest.Length >= 4)
        {
            hash = BitOperations.RotateLeft(hash ^ BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime1, 23) * Prime2 + Prime3;
            rest = rest[4..];
        }

        foreach (var octet in rest) hash = BitOperations.RotateLeft(hash ^ octet * Prime5, 11) * Prime1;
        return Mix(hash);
    }

    /// <summary>Of a text's UTF-8. Allocates.</summary>
    public static ulong Of(string text) => Of(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Spreads what little two numbers differ in over all their bits; no two numbers become one.</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ hash >> 33) * Prime2;
        hash = (hash ^ hash >> 29) * Prime3;
        return hash ^ hash >> 32;
    }

    private static ulong Stripes(ref ReadOnlySpan<byte> rest)
    {
        Span<ulong> lanes = [unchecked(Prime1 + Prime2), Prime2, 0, unchecked(0 - Prime1)];
        for (; rest.Length >= 32; rest = rest[32..])
        {
            for (var i = 0; i < 4; i++) lanes[i] = Round(lanes[i], BinaryPrimitives.ReadUInt64LittleEndian(rest[(8 * i)..]));
        }

        var hash = BitOperations.RotateLeft(lanes[0], 1) + BitOperations.RotateLeft(lanes[1], 7) + BitOperations.RotateLeft(lanes[2], 12) + BitOperations.RotateLeft(lanes[3], 18);
        foreach (var lane in lanes) hash = (hash ^ Round(0, lane)) * Prime1 + Prime4;
        return hash;
    }

    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + input * Prime2, 31) * Prime1;
}
