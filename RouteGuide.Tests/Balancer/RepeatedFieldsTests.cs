using System.Net;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Tests.Balancer;

/// <summary>Joined fields become several again, however the bytes are cut on their way.</summary>
public sealed class RepeatedFieldsTests
{
    [Fact]
    public async Task Any_cut_of_the_bytes_gives_the_same_result()
    {
        var written = Connection();
        var whole = await Through(written, [written.Length]);
        Assert.NotEqual(written, whole);

        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var cuts = new List<int>();
            for (var left = written.Length; left > 0; left -= cuts[^1]) cuts.Add(Math.Min(left, random.Next(1, seed % 3 == 0 ? 4 : 600)));

            Assert.Equal(whole, await Through(written, cuts));
        }
    }

    [Fact]
    public async Task What_holds_no_joined_field_passes_untouched()
    {
        byte[] written = [.. Preface, .. Frame(4, 0, 0, []), .. Frame(1, 4, 1, [0x82, .. Field("a", "b")]), .. Frame(0, 1, 1, "a\x1f"u8.ToArray())];

        Assert.Equal(written, await Through(written, [written.Length]));
    }

    [Fact]
    public async Task Each_value_gets_a_field_of_its_own()
    {
        byte[] written = [.. Preface, .. Frame(1, 5, 1, [0x82, .. Field("many", "one\x1f\x1ftwo"), 0x0f, 0x0d, .. Text("x\x1fy")])];
        byte[] expected = [.. Preface, .. Frame(1, 5, 1, [0x82, .. Field("many", "one"), .. Field("many", ""), .. Field("many", "two"), 0x0f, 0x0d, .. Text("x"), 0x0f, 0x0d, .. Text("y")])];

        Assert.Equal(expected, await Through(written, [written.Length]));
    }

    [Fact]
    public async Task The_number_of_a_call_is_told_and_taken_out()
    {
        byte[] written = [.. Preface, .. Frame(1, 5, 1, [0x82, .. Field("a", "b"), .. Field("x-routeguide-attempt", "1234567890123"), .. Field("c", "d")])];
        byte[] expected = [.. Preface, .. Frame(1, 5, 1, [0x82, .. Field("a", "b"), .. Field("c", "d")])];
        using var output = new MemoryStream();
        var told = new List<(long Number, long Written)>();
        await using var stream = new TargetStream(output, () => false, number => told.Add((number, output.Length)));

        await stream.WriteAsync(written);

        Assert.Equal(expected, output.ToArray());
        Assert.Equal([(1234567890123, 0)], told);
    }

    [Fact]
    public async Task Nothing_is_written_to_a_connection_that_the_target_has_closed()
    {
        using var output = new MemoryStream();
        await using var stream = new TargetStream(output, () => true, _ => Assert.Fail("Nothing leaves."));

        await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync(Connection()));

        Assert.Equal(0, output.Length);
    }

    [Fact]
    public async Task A_closed_connection_is_known_before_anything_is_read_from_it()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("The kernel is asked on Linux only.");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndpoint);
        using var far = await listener.AcceptSocketAsync();
        await far.SendAsync("unread"u8.ToArray());
        Assert.False(PeerState.HasClosed(near));

        far.Close();

        await RouteGuide.Tests.Support.Eventually.Until(() => PeerState.HasClosed(near), "the end has arrived");
        near.Close();
        Assert.True(PeerState.HasClosed(near));
    }

    private static byte[] Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>Preface, settings, calls with and without joined fields, one whose block needs a CONTINUATION before and two after.</summary>
    private static byte[] Connection()
    {
        byte[] big = [0x82, .. Field("big", string.Join('\x1f', Enumerable.Range(0, 120).Select(i => new string('v', 140 + i)))), .. Field("last", "1")];
        return
        [
            .. Preface, .. Frame(4, 0, 0, [0, 1, 0, 0, 0, 0]),
            .. Frame(1, 4, 1, [0x83, .. Field("plain", "1")]), .. Frame(0, 0, 1, Encoding.ASCII.GetBytes("data \x1f data")),
            .. Frame(1, 4, 3, [0x83, .. Field("many", "one\x1ftwo\x1f" + new string('z', 300)), .. Field("plain", "1")]), .. Frame(0, 1, 1, []),
            .. Frame(1, 0, 5, big[..16_384]), .. Frame(9, 4, 5, big[16_384..]), .. Frame(0, 1, 5, new byte[700]), .. Frame(3, 0, 3, [0, 0, 0, 8]),
        ];
    }

    private static async Task<byte[]> Through(byte[] written, IEnumerable<int> cuts)
    {
        using var output = new MemoryStream();
        await using var stream = new TargetStream(output, () => false, _ => { });
        var at = 0;
        foreach (var cut in cuts)
        {
            await stream.WriteAsync(written.AsMemory(at, cut));
            at += cut;
        }

        return output.ToArray();
    }

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    private static byte[] Field(string name, string value) => [0, .. Text(name), .. Text(value)];

    private static byte[] Text(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        if (bytes.Length < 127) return [(byte)bytes.Length, .. bytes];

        List<byte> length = [127];
        var rest = bytes.Length - 127;
        for (; rest >= 128; rest >>= 7) length.Add((byte)(rest | 128));
        return [.. length, (byte)rest, .. bytes];
    }
}
