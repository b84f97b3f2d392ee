using RouteGuide.Http2;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Makes up what a well-behaved peer could send: frames in a legal order, with everything that is optional now and then.</summary>
internal sealed class Traffic(Http2Role receiver, Random random)
{
    /// <summary>Streams that a client under test has to open beforehand.</summary>
    public const int ClientStreams = 8;

    private readonly HpackEncoder _encoder = new(4096);
    private readonly List<byte[]> _frames = [];
    private readonly Dictionary<int, bool> _open = []; // id to whether the (final) headers are sent
    private int _next = 1;

    private static readonly HeaderEntry[] Some = [.. Enumerable.Range(0, 12).Select(i => new HeaderEntry($"x-field-{i % 5}", $"value {i}"))];

    public List<byte[]> Make(int steps)
    {
        if (receiver == Http2Role.Client) for (var i = 0; i < ClientStreams; i++) Open(i * 2 + 1);
        return [.. Begin(), .. More(steps)];
    }

    /// <summary>What a connection begins with.</summary>
    public List<byte[]> Begin() => receiver == Http2Role.Server ? [Wire.Preface, Wire.Settings(), Wire.SettingsAck] : [Wire.Settings(), Wire.SettingsAck];

    /// <summary>The receiver has opened a stream, which can be answered from here on.</summary>
    public void Open(int id) => _open.TryAdd(id, false);

    /// <summary>The receiver has reset a stream.</summary>
    public void Forget(int id) => _open.Remove(id);

    /// <summary>What comes next, in so many steps.</summary>
    public List<byte[]> More(int steps)
    {
        for (var i = 0; i < steps; i++) Step();
        List<byte[]> made = [.. _frames];
        _frames.Clear();
        return made;
    }

    private void Step()
    {
        var dice = random.Next(100);
        if (dice < 25 && receiver == Http2Role.Server && _open.Count < 50) Request();
        else if (dice < 85 && _open.Count > 0) Continue(_open.Keys.ElementAt(random.Next(_open.Count)));
        else if (dice < 88) _frames.Add(Wire.Ping((ulong)random.NextInt64()));
        else if (dice < 91) _frames.Add(Wire.WindowUpdate(0, (uint)random.Next(1, 1000)));
        else if (dice < 93) _frames.Add(Wire.Frame(random.Next(0x10, 0x100), random.Next(256), random.Next(100), Octets(50)));
        else if (dice < 95) _frames.Add(Wire.Priority(random.Next(1, 50) * 2 - 1, 200));
        else if (dice < 97) _frames.Add(Wire.Settings((SettingId.InitialWindowSize, (uint)random.Next(100_000)), ((SettingId)0x99, 5)));
    }

    private void Request()
    {
        var end = random.Next(3) == 0;
        Headers(_next, end, random.Next(2) == 0 ? Wire.Request() : Wire.Request(("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", random.Next(4) == 0 ? "20m" : "1H")));
        if (!end) _open.Add(_next, true);
        _next += 2 * random.Next(1, 3);
    }

    private void Continue(int id)
    {
        if (!_open[id])
        {
            if (random.Next(4) == 0)
            {
                Headers(id, false, [(":status", "103")]);
                return;
            }

            var ends = random.Next(5) == 0;
            Headers(id, ends, [(":status", "200")]);
            if (ends) _open.Remove(id);
            else _open[id] = true;
            return;
        }

        var dice = random.Next(20);
        if (dice == 0) _frames.Add(Wire.Reset(id, Http2ErrorCode.Cancel));
        else if (dice == 1) Headers(id, true, [("grpc-status", "0")]);
        else if (dice == 2) _frames.Add(Wire.WindowUpdate(id, (uint)random.Next(1, 1000)));
        else _frames.Add(Wire.Data(id, Octets(random.Next(8) == 0 ? 5000 : 40), end: dice == 3, padding: random.Next(4) == 0 ? random.Next(256) : null));
        if (dice is 0 or 1 or 3) _open.Remove(id);
    }

    private void Headers(int id, bool end, (string, string)[] fields)
    {
        var list = Wire.List(fields);
        for (var i = random.Next(6); i > 0; i--) list.Add(Some[random.Next(Some.Length)], neverIndexed: random.Next(6) == 0);
        var block = new byte[HpackEncoder.MaxEncodedLength(list)];
        block = block[.._encoder.Encode(list, block)];
        var flags = end ? 1 : 0;
        var cut = random.Next(3) == 0 ? random.Next(block.Length) : block.Length;
        byte[] first = random.Next(4) == 0 ? [3, 0, 0, 0, 0, 9, .. block[..cut], 0, 0, 0] : block[..cut];
        if (first.Length != cut) flags |= 0x8 | 0x20;
        if (cut == block.Length)
        {
            _frames.Add(Wire.Frame(1, flags | 4, id, first));
            return;
        }

        var second = random.Next(cut, block.Length + 1);
        _frames.Add(Wire.Frame(1, flags, id, first));
        if (second < block.Length) _frames.Add(Wire.Continuation(id, false, block[cut..second]));
        _frames.Add(Wire.Continuation(id, true, block[Math.Min(second, block.Length) == block.Length ? cut.. : second..]));
    }

    private byte[] Octets(int most)
    {
        var octets = new byte[random.Next(most)];
        random.NextBytes(octets);
        return octets;
    }
}
