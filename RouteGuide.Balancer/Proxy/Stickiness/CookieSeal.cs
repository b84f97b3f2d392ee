using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>What a cookie is for. One kind does not pass for another.</summary>
internal enum CookieKind : byte
{
    Target = 1,
    AppTarget = 2,
    Group = 3,
}

/// <summary>
/// Signs what cookies say, so that a client keeps its target but cannot choose one: the hash of a name and the time, with the first half of
/// an HMAC-SHA256, in base64url. Balancers with one key read each other's.
/// </summary>
internal sealed class CookieSeal
{
    /// <summary>Characters of a cookie's value.</summary>
    public const int Length = 43;

    private const int NoteLength = 16; // seconds since 1970, the subject
    private const int TagLength = 16;

    private readonly byte[] _key;
    private readonly TimeProvider _time;

    /// <param name="secret">Of several balancers; null for one that nobody knows.</param>
    /// <param name="time">The wall's, which clients' cookies go by too.</param>
    public CookieSeal(string? secret, TimeProvider time)
    {
        _key = secret is null ? RandomNumberGenerator.GetBytes(32) : HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: "routeguide balancer cookies"u8.ToArray());
        _time = time;
    }

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Writes a value of <see cref="Length"/> characters.</summary>
    /// <param name="kind">What the cookie is for.</param>
    /// <param name="scope">Where it counts; not in the cookie, but whoever reads it has to know it.</param>
    /// <param name="subject">What it says.</param>
    /// <param name="to">Room for it.</param>
    public void Write(CookieKind kind, ulong scope, ulong subject, Span<byte> to)
    {
        Span<byte> value = stackalloc byte[NoteLength + TagLength];
        BinaryPrimitives.WriteInt64BigEndian(value, Now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt64BigEndian(value[8..], subject);
        Sign(kind, scope, value[..NoteLength], value[NoteLength..]);
        Base64Url.EncodeToUtf8(value, to, out _, out _);
    }

    /// <summary>Reads a value that was written no longer than <paramref name="duration"/> ago.</summary>
    public bool TryRead(CookieKind kind, ulong scope, ReadOnlySpan<byte> text, TimeSpan duration, out ulong subject)
    {
        subject = 0;
        Span<byte> value = stackalloc byte[NoteLength + TagLength];
        if (text.Length != Length || !Base64Url.TryDecodeFromUtf8(text, value, out var count) || count != value.Length) return false;
        Span<byte> tag = stackalloc byte[TagLength];
        Sign(kind, scope, value[..NoteLength], tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, value[NoteLength..])) return false;
        // A clock that was set back makes it come from the future; that may be as far off as the past.
        var age = Now.ToUnixTimeSeconds() - BinaryPrimitives.ReadInt64BigEndian(value);
        if (Math.Abs((double)age) >= duration.TotalSeconds) return false;
        subject = BinaryPrimitives.ReadUInt64BigEndian(value[8..]);
        return true;
    }

    private void Sign(CookieKind kind, ulong scope, ReadOnlySpan<byte> note, Span<byte> tag)
    {
        Span<byte> signed = stackalloc byte[1 + 8 + NoteLength];
        signed[0] = (byte)kind;
        BinaryPrimitives.WriteUInt64BigEndian(signed[1..], scope);
        note.CopyTo(signed[9..]);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, signed, whole);
        whole[..TagLength].CopyTo(tag);
    }
}
