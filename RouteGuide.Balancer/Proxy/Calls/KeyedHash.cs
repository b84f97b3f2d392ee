using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>
/// SipHash-1-3 (Aumasson and Bernstein), 64 bits under a secret of this process: what clients may choose freely is told apart by it, and
/// nobody can choose values that fall together.
/// </summary>
internal static class KeyedHash
{
    private static readonly ulong Key0 = Secret();
    private static readonly ulong Key1 = Secret();

    public static ulong Of(ReadOnlySpan<byte> octets)
    {
        var (v0, v1, v2, v3) = (Key0 ^ 0x736f6d6570736575, Key1 ^ 0x646f72616e646f6d, Key0 ^ 0x6c7967656e657261, Key1 ^ 0x7465646279746573);
        var last = (ulong)octets.Length << 56;
        for (; octets.Length >= 8; octets = octets[8..])
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(octets);
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        for (var i = 0; i < octets.Length; i++) last |= (ulong)octets[i] << (8 * i);
        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xff;
        for (var i = 0; i < 3; i++) Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }

    private static ulong Secret() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
}
