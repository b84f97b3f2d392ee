using System.Net;
using System.Net.Sockets;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>
/// Lets calls of each key through at a rate, in bursts. One for all loops. Per key one number is kept, the time at which its bucket is full
/// again (the generic cell rate algorithm); keys have a table of fixed size, in which the one that owes least makes room for a new one.
/// </summary>
internal sealed class RateLimiter
{
    /// <summary>Keys that are told apart.</summary>
    public const int MaxKeys = Sets * Ways;

    private const int Sets = 8192;
    private const int Ways = 8;
    private const int Locks = 64;

    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly double _interval; // ticks of 100 ns that one call takes
    private readonly double _tolerance; // ticks by which calls may be ahead
    private readonly Entry[] _entries;
    private readonly Lock[] _locks = [.. Enumerable.Range(0, Locks).Select(_ => new Lock())];

    public RateLimiter(RateLimitSettings settings, TimeProvider time)
    {
        Settings = settings;
        _time = time;
        _origin = time.GetTimestamp();
        _interval = TimeSpan.TicksPerSecond / settings.RequestsPerSecond;
        var burst = settings.Burst > 0 ? settings.Burst : Math.Max(1, Math.Ceiling(settings.RequestsPerSecond));
        _tolerance = (burst - 1) * _interval;
        Refusal = $"more than {settings.RequestsPerSecond} calls a second, the rate limit {settings.Key switch
        {
            { Header: { } header } => $"for one value of {header}",
            var key when key.Equals(RateLimitKey.Rule) => "for all clients together",
            _ => "for one address",
        }}";
        _entries = new Entry[settings.Key.Equals(RateLimitKey.Rule) ? Ways : MaxKeys];
    }

    public RateLimitSettings Settings { get; }

    /// <summary>What a client is told whose call may not come.</summary>
    public string Refusal { get; }

    /// <summary>The key of a request.</summary>
    /// <param name="headers">Of the request.</param>
    /// <param name="from">The client.</param>
    public ulong KeyOf(HeaderList headers, IPAddress from)
    {
        if (Settings.Key.Header is null) return KeyOf(from);
        var at = headers.IndexOf(Settings.Key.Name);
        return at < 0 ? 0 : KeyedHash.Of(headers.Value(at));
    }

    /// <summary>The key of a request, the value of its field given: null if there is none. Those without share one key.</summary>
    public ulong KeyOf(string? field, IPAddress from) =>
        Settings.Key.Header is null ? KeyOf(from) : field is null ? 0 : KeyedHash.Of(System.Text.Encoding.Latin1.GetBytes(field));

    /// <summary>Takes a call, if it may come now.</summary>
    /// <param name="key">By <see cref="KeyOf(HeaderList, IPAddress)"/>.</param>
    /// <param name="timestamp">Now, of the clock.</param>
    /// <returns>0 if it may, else milliseconds after which one may.</returns>
    public long Take(ulong key, long timestamp)
    {
        var now = (double)_time.GetElapsedTime(_origin, timestamp).Ticks;
        var set = (int)(key % (ulong)(_entries.Length / Ways));
        lock (_locks[set % Locks])
        {
            ref var entry = ref Find(_entries.AsSpan(set * Ways, Ways), key);
            var full = Math.Max(entry.FullAt, now);
            if (full - now > _tolerance) return Math.Max(1, (long)Math.Ceiling((full - now - _tolerance) / TimeSpan.TicksPerMillisecond));
            entry.FullAt = full + _interval;
            return 0;
        }
    }

    private ulong KeyOf(IPAddress from)
    {
        if (Settings.Key.Equals(RateLimitKey.Rule)) return 0;
        Span<byte> octets = stackalloc byte[16];
        from.TryWriteBytes(octets, out var length);
        if (from.IsIPv4MappedToIPv6) return KeyedHash.Of(octets[12..16]);
        return KeyedHash.Of(from.AddressFamily == AddressFamily.InterNetworkV6 ? octets[..8] : octets[..length]);
    }

    private static ref Entry Find(Span<Entry> set, ulong key)
    {
        var least = 0;
        for (var i = 0; i < set.Length; i++)
        {
            if (set[i].Key == key && set[i].IsUsed) return ref set[i];
            if (set[i].FullAt < set[least].FullAt) least = i;
        }

        set[least] = new Entry { Key = key, IsUsed = true };
        return ref set[least];
    }

    private struct Entry
    {
        public ulong Key;
        public double FullAt; // ticks since the origin
        public bool IsUsed;
    }
}
