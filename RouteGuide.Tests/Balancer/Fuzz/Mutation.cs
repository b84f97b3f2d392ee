using System.Buffers.Binary;
using RouteGuide.Http2;
using RouteGuide.Http2.Frames;
using RouteGuide.Tests.Balancer.Http2;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>Makes mistakes in legal traffic: in single octets, in a frame's header, in header blocks, and in the order of frames.</summary>
/// <param name="receiver">Who is to get it.</param>
/// <param name="random">Of the case.</param>
internal sealed class Mutation(Http2Role receiver, Random random)
{
    private const int HeaderSize = 9;
    private const int Headers = 1;

    // Octets that mean something at the beginning of a field of a header block (RFC 7541 section 6).
    private static readonly byte[] HpackStarts = [0x80, 0xff, 0x20, 0x3f, 0x40, 0x7f, 0x10, 0x1f, 0x00, 0x0f, 0xbe, 0xc0];

    private static readonly uint[] Extremes = [0, 1, 16_383, 16_384, 65_535, 65_536, 0xff_ffff, int.MaxValue, 0x8000_0000, uint.MaxValue];

    /// <summary>What one peer sends in this case. Most of it is legal, so that the mistakes are met deep inside.</summary>
    public byte[] Octets()
    {
        if (random.Next(20) == 0) return Noise(random.Next(1, 2_000), withStart: random.Next(2) == 0);
        var frames = new Traffic(receiver, random).Make(steps: random.Next(10, 150));
        for (var mistakes = random.Next(4); mistakes > 0; mistakes--) Spoil(frames);
        return [.. frames.SelectMany(f => f)];
    }

    private byte[] Noise(int length, bool withStart)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        if (!withStart) return noise;
        byte[] start = receiver == Http2Role.Server ? [.. HpackWire.Preface, .. HpackWire.Settings()] : HpackWire.Settings();
        return [.. start, .. noise];
    }

    /// <summary>Makes one mistake.</summary>
    public void Spoil(List<byte[]> frames)
    {
        // The first is the preface, or SETTINGS; those cases are few and dealt with soon.
        var at = random.Next(frames.Count == 1 || random.Next(10) == 0 ? 0 : 1, frames.Count);
        var frame = frames[at];
        switch (random.Next(18))
        {
            case 0 when frame.Length > 0:
                frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                frames.RemoveAt(at);
                if (frames.Count == 0) frames.Add([]);
                break;
            case 2:
                frames.Insert(at, frame);
                break;
            case 3:
                var other = random.Next(frames.Count);
                (frames[at], frames[other]) = (frames[other], frame);
                break;
            case 4:
                frames[at] = frame[..random.Next(frame.Length + 1)];
                break;
            case 5:
                frames.Insert(at, HpackWire.Frame(random.Next(10), random.Next(256), random.Next(20), Noise(random.Next(40), withStart: false)));
                break;
            case 6 when frame.Length >= HeaderSize: // a length that is not so
                frame[2] = (byte)(frame[2] + random.Next(-3, 4));
                if (random.Next(10) == 0) frame[random.Next(2)] ^= (byte)random.Next(256);
                break;
            case 7 when frame.Length >= HeaderSize:
                frame[3] = (byte)random.Next(11);
                break;
            case 8 when frame.Length >= HeaderSize:
                frame[4] = (byte)random.Next(256);
                break;
            case 9 when frame.Length >= HeaderSize:
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), random.Next(8) == 0 ? random.Next() : random.Next(40));
                break;
            case 10: // a flood
                frames.InsertRange(at, Enumerable.Repeat(frame, random.Next(2, random.Next(2) == 0 ? 20 : 1_500)));
                break;
            case 11 or 12:
                SpoilBlock(frames);
                break;
            case 13:
                frames.RemoveRange(at, Math.Min(random.Next(1, 6), frames.Count - at));
                break;
            case 14:
                frames.Insert(at, HpackWire.Settings(((SettingId)random.Next(1, 9), Extreme())));
                break;
            case 15:
                frames.Insert(at, HpackWire.WindowUpdate(random.Next(20), Extreme()));
                break;
            case 16:
                frames.Insert(at, HpackWire.GoAway((int)Extreme(), (Http2ErrorCode)random.Next(16), "fuzz"));
                break;
            case 17: // another connection's, with another table behind its blocks
                frames.InsertRange(at, new Traffic(receiver, random).Make(steps: 10).Skip(receiver == Http2Role.Server ? 2 : 1));
                break;
        }
    }

    private void SpoilBlock(List<byte[]> frames)
    {
        var blocks = frames.Where(f => f.Length > HeaderSize && f[3] == Headers).ToList();
        if (blocks.Count == 0) return;
        var block = blocks[random.Next(blocks.Count)];
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(HeaderSize, block.Length);
            block[at] = random.Next(2) == 0 ? HpackStarts[random.Next(HpackStarts.Length)] : (byte)random.Next(256);
        }
    }

    private uint Extreme() => Extremes[random.Next(Extremes.Length)];
}
