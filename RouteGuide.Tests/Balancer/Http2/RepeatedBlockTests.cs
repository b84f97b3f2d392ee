using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Blocks that repeat are decoded and encoded once; nobody must be able to tell by what comes out.</summary>
public sealed class RepeatedBlockTests
{
    private static readonly string[] Names = [":path", "content-type", "x-a", "x-b", "authorization", "grpc-status", "cookie"];

    [Fact]
    public void A_block_is_worth_keeping_when_it_comes_the_second_time()
    {
        var blocks = new RepeatedBlocks(new Http2Resources());
        var list = Wire.List([("a", "b")]);
        byte[] block = [1, 2, 3];
        Assert.Same(list, blocks.Consider(block, list, 7));
        Assert.Null(blocks.Find(block, 7));

        var frozen = blocks.Consider(block, list, 7);
        Assert.NotNull(frozen.Frozen);
        Assert.Same(frozen, blocks.Find(block, 7));
        Assert.Equal(Wire.Text(list), Wire.Text(frozen));
    }

    [Fact]
    public void RFC7541_2_3_a_block_means_something_else_once_the_table_has_changed()
    {
        var blocks = new RepeatedBlocks(new Http2Resources());
        byte[] block = [0xbe];
        blocks.Consider(block, Wire.List([("a", "1")]), 1);
        blocks.Consider(block, Wire.List([("a", "1")]), 1);
        Assert.NotNull(blocks.Find(block, 1));
        Assert.Null(blocks.Find(block, 2));

        // It was known, so it takes its place at once.
        Assert.Equal("a=2", Wire.Text(blocks.Consider(block, Wire.List([("a", "2")]), 2)));
        Assert.Equal("a=2", Wire.Text(blocks.Find(block, 2)!));
        Assert.Null(blocks.Find(block, 1));
    }

    [Fact]
    public void Blocks_that_differ_and_blocks_that_are_large_are_never_kept()
    {
        var blocks = new RepeatedBlocks(new Http2Resources());
        var list = Wire.List([("a", "b")]);
        for (var i = 0; i < 10_000; i++) Assert.Same(list, blocks.Consider(BitConverter.GetBytes(i), list, 1));

        var large = new byte[600];
        for (var i = 0; i < 3; i++) Assert.Same(list, blocks.Consider(large, list, 1));
        var much = Wire.List([("a", new string('x', 3000))]);
        for (var i = 0; i < 3; i++) Assert.Same(much, blocks.Consider([1], much, 1));
    }

    [Fact]
    public void A_peer_that_makes_many_blocks_worth_keeping_makes_us_keep_few()
    {
        var blocks = new RepeatedBlocks(new Http2Resources());
        var list = Wire.List([("a", "b")]);
        for (var i = 0; i < 1000; i++)
        {
            blocks.Consider(BitConverter.GetBytes(i), list, 1);
            blocks.Consider(BitConverter.GetBytes(i), list, 1);
        }

        Assert.Equal(8, Enumerable.Range(0, 1000).Count(i => blocks.Find(BitConverter.GetBytes(i), 1) is not null));
        blocks.Clear();
        Assert.Equal(0, Enumerable.Range(0, 1000).Count(i => blocks.Find(BitConverter.GetBytes(i), 1) is not null));
    }

    [Fact]
    public void RFC9113_8_1_1_a_malformed_request_is_one_each_time_it_comes()
    {
        var test = new TestConnection(Http2Role.Server);
        for (var id = 1; id < 20; id += 2)
        {
            test.Send(Wire.Headers(id, true, (":method", "GET"), (":scheme", "https"), (":path", "/"), ("connection", "close")));
            Assert.Equal([$"RST_STREAM {id} ProtocolError"], test.Sent());
        }

        Assert.Empty(test.Handler.Opened);
    }

    [Fact]
    public void RFC9113_8_1_a_block_that_was_good_as_trailers_is_judged_anew_as_a_request()
    {
        var test = new TestConnection(Http2Role.Server);
        for (var id = 1; id < 12; id += 2)
        {
            test.Send(Wire.Headers(id, false, Wire.Request()), Wire.Headers(id, true, ("x-a", "1")));
            Assert.Null(test.Failure);
        }

        test.Sent();
        test.Send(Wire.Headers(13, true, ("x-a", "1")));
        Assert.Equal(["RST_STREAM 13 ProtocolError"], test.Sent());
    }

    [Fact]
    public void Requests_that_repeat_between_others_and_changes_of_the_table_are_told_as_they_were_sent()
    {
        var random = new Random(7541);
        var peer = new HpackEncoder(4096);
        var test = new TestConnection(Http2Role.Server);
        var kinds = Enumerable.Range(0, 12).Select(i => Wire.Request(("x-kind", $"{i}"), ("authorization", i % 3 == 0 ? "secret" : "other"))).ToArray();
        for (var id = 1; id < 4000; id += 2)
        {
            var list = new HeaderList();
            foreach (var (name, value) in kinds[random.Next(random.Next(4) == 0 ? kinds.Length : 3)]) list.Add(new HeaderEntry(name, value));
            if (random.Next(10) == 0) list.Add(new HeaderEntry("x-once", $"{id}"));
            if (random.Next(50) == 0) peer.SetPeerLimit(random.Next(2) == 0 ? 200 : 4096);
            var block = new byte[HpackEncoder.MaxEncodedLength(list)];
            test.Send(Wire.Frame(1, 5, id, block[..peer.Encode(list, block)]));

            Assert.Null(test.Failure);
            Assert.Equal($"headers {id} {Wire.Text(list)} end", test.Handler.Events[^1]);
            test.Connection.Reset(test.Handler.Opened[^1], Http2ErrorCode.NoError);
            test.Sent();
        }
    }

    [Fact]
    public void RFC7541_whatever_frozen_lists_are_encoded_between_others_the_peer_decodes_what_was_meant()
    {
        var random = new Random(2026);
        for (var run = 0; run < 200; run++)
        {
            var resources = new Http2Resources();
            var pairs = Enumerable.Range(0, 3).Select(_ => (Encoder: new HpackEncoder(4096, resources.EncodedBlocks), Decoder: new HpackDecoder(4096, new HeaderInterner(16)))).ToArray();
            var frozen = Enumerable.Range(0, 6).Select(_ => resources.Freeze(AnyList(random))).ToArray();
            for (var step = 0; step < 100; step++)
            {
                var (encoder, decoder) = pairs[random.Next(pairs.Length)];
                if (random.Next(30) == 0) encoder.SetPeerLimit(random.Next(3) * 300);
                var list = random.Next(4) == 0 ? AnyList(random) : frozen[random.Next(frozen.Length)];
                var block = new byte[HpackEncoder.MaxEncodedLength(list)];
                var length = encoder.Encode(list, block);

                var decoded = new HeaderList();
                Assert.True(decoder.Decode(block.AsSpan(0, length), decoded, int.MaxValue, int.MaxValue));
                Assert.Equal(Wire.Text(list), Wire.Text(decoded));
                Assert.Equal(encoder.TableSize, decoder.TableSize);
            }
        }
    }

    [Fact]
    public void RFC7541_6_2_2_a_field_behind_the_list_is_a_literal_that_enters_no_table()
    {
        var room = new byte[100];
        var length = HpackEncoder.EncodeLiteral("traceparent"u8, "00-1-2-00"u8, room);
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        var list = new HeaderList();
        Assert.True(decoder.Decode(room.AsSpan(0, length), list, 4096, 10));
        Assert.Equal("traceparent=00-1-2-00", Wire.Text(list));
        Assert.Equal(0, decoder.TableSize);
    }

    private static HeaderList AnyList(Random random)
    {
        var list = new HeaderList();
        for (var i = random.Next(1, 8); i > 0; i--)
        {
            var entry = new HeaderEntry(Names[random.Next(Names.Length)], random.Next(3) == 0 ? new string('v', random.Next(200)) : $"{random.Next(3)}");
            if (random.Next(4) == 0) list.Add(entry, entry.Value, neverIndexed: random.Next(2) == 0);
            else list.Add(entry);
        }

        return list;
    }
}
