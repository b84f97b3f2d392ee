using FsCheck;
using FsCheck.Fluent;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>The rules of RFC 7541, and that encoding and decoding undo each other.</summary>
public sealed class HpackTests
{
    private const int Many = 1_000;

    [Theory]
    [InlineData("1fffffffff7f")] // five octets after the prefix, beyond 2^31-1
    [InlineData("1f808080808001")] // a sixth octet
    [InlineData("1f")] // cut off
    [InlineData("1f80")]
    [InlineData("")]
    public void RFC7541_5_1_integers_that_are_too_large_or_cut_off_are_refused(string hex)
    {
        ReadOnlySpan<byte> source = Convert.FromHexString(hex);
        Assert.False(HpackInteger.TryRead(ref source, 5, out _));
    }

    [Fact]
    public void RFC7541_5_1_every_integer_comes_back_with_every_prefix() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNegativeInt>(), Gen.Choose(1, 8).ToArbitrary(), (value, prefix) =>
        {
            var octets = new byte[HpackInteger.MaxLength];
            ReadOnlySpan<byte> source = octets.AsSpan(0, HpackInteger.Write(octets, 0, prefix, value.Get));
            return HpackInteger.TryRead(ref source, prefix, out var read) && read == value.Get && source.IsEmpty;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void RFC7541_5_2_every_string_comes_back_from_Huffman() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), octets =>
        {
            var encoded = new byte[HuffmanEncoder.EncodedLength(octets)];
            Assert.Equal(encoded.Length, HuffmanEncoder.Encode(octets, encoded));
            var decoded = new byte[HuffmanDecoder.MaxDecodedLength(encoded.Length)];
            return decoded.AsSpan(0, HuffmanDecoder.Decode(encoded, decoded)).SequenceEqual(octets);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Many).WithEndSize(300));

    [Fact]
    public void RFC7541_5_2_each_symbol_comes_back_beside_each_other()
    {
        var decoded = new byte[16];
        for (var first = 0; first < 256; first++)
        {
            for (var second = 0; second < 256; second++)
            {
                byte[] octets = [(byte)first, (byte)second];
                var encoded = new byte[HuffmanEncoder.EncodedLength(octets)];
                HuffmanEncoder.Encode(octets, encoded);
                Assert.Equal(2, HuffmanDecoder.Decode(encoded, decoded));
                Assert.Equal(octets, decoded[..2]);
            }
        }
    }

    [Theory]
    [InlineData("ffffffff")] // EOS
    [InlineData("3fffffffff")]
    [InlineData("1fff")] // 'a' and eleven bits of padding
    [InlineData("18")] // 'a' and padding that is not all ones
    [InlineData("ff")] // eight bits of padding
    public void RFC7541_5_2_EOS_and_wrong_padding_are_refused(string hex) =>
        Assert.Equal(-1, HuffmanDecoder.Decode(Convert.FromHexString(hex), new byte[64]));

    [Theory]
    [InlineData("80")] // 6.1: index 0
    [InlineData("be")] // 2.3.3: index 62 of an empty table
    [InlineData("ff80808080808001")] // 5.1
    [InlineData("40")] // cut off
    [InlineData("4003616263")] // no value
    [InlineData("40056162")] // longer than the block
    [InlineData("7e00")] // name index beyond the tables
    [InlineData("3fe21f")] // 4.2, 6.3: a size above the limit
    [InlineData("8220")] // 4.2: a size update after a field
    [InlineData("202020")] // 4.2: a third one
    [InlineData("0081ff00")] // 5.2: broken Huffman
    public void RFC7541_blocks_that_cannot_be_decoded_are_compression_errors(string hex)
    {
        var error = Assert.Throws<Http2ConnectionException>(
            () => new HpackDecoder(4096, new HeaderInterner()).Decode(Convert.FromHexString(hex), new HeaderList(), 32768, 100));
        Assert.Equal(Http2ErrorCode.CompressionError, error.Code);
    }

    [Fact]
    public void RFC7541_4_2_a_smaller_limit_must_be_followed_at_the_beginning_of_the_next_block()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        decoder.SetLimit(100);
        Assert.Throws<Http2ConnectionException>(() => decoder.Decode([0x82], new HeaderList(), 32768, 100));
        Assert.True(decoder.Decode([0x20, 0x3f, 0x45, 0x82], new HeaderList(), 32768, 100)); // 0, then 100
        Assert.Throws<Http2ConnectionException>(() => decoder.Decode([0x3f, 0x46], new HeaderList(), 32768, 100)); // 101
    }

    [Fact]
    public void RFC7541_4_4_an_entry_larger_than_the_table_empties_it()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        var list = new HeaderList();
        decoder.Decode([0x3f, 0x21, 0x40, 1, (byte)'a', 1, (byte)'b'], list, 32768, 100); // size 64
        Assert.Equal(34, decoder.TableSize);
        decoder.Decode([0x40, 1, (byte)'a', 40, .. new byte[40].Select(_ => (byte)'x')], list, 32768, 100);
        Assert.Equal(0, decoder.TableSize);
        Assert.Equal(2, list.Count);
    }

    [Fact]
    public void RFC7541_4_3_a_size_update_evicts_and_a_name_may_come_from_an_entry_that_goes()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        var list = new HeaderList();
        decoder.Decode([0x3f, 0x11, 0x40, 1, (byte)'a', 1, (byte)'b', 0x7e, 1, (byte)'c'], list, 32768, 100); // size 48: one entry
        Assert.Equal("a=b|a=c", Wire.Text(list));
        Assert.Equal(34, decoder.TableSize);
        decoder.Decode([0x20], new HeaderList(), 32768, 100);
        Assert.Equal(0, decoder.TableSize);
    }

    [Fact]
    public void A_flood_of_one_octet_references_stops_at_the_field_limit_and_keeps_the_table_in_step()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        var list = new HeaderList();
        byte[] insert = [0x40, 1, (byte)'a', 1, (byte)'b'];
        Assert.False(decoder.Decode([.. insert, .. Enumerable.Repeat((byte)0xbe, 60_000), 0x40, 1, (byte)'c', 1, (byte)'d'], list, 32768, 100));
        Assert.Equal(100, list.Count);
        list.Clear();
        Assert.True(decoder.Decode([0xbe, 0xbf], list, 32768, 100));
        Assert.Equal("c=d|a=b", Wire.Text(list));
    }

    [Fact]
    public void An_HPACK_bomb_stops_at_the_size_limit()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        var list = new HeaderList();
        byte[] insert = [0x40, 1, (byte)'a', 0x7f, 0xa1, 0x1e, .. new byte[4000].Select(_ => (byte)'x')];
        Assert.False(decoder.Decode([.. insert, .. Enumerable.Repeat((byte)0xbe, 16_000)], list, 32768, 1_000_000));
        Assert.InRange(list.Size, 1, 32768);
    }

    [Fact]
    public void RFC7541_7_1_3_a_field_that_is_never_indexed_stays_so_on_the_next_hop_and_enters_no_table()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        var list = new HeaderList();
        decoder.Decode([0x1f, 0x08, .. Wire.Literal("Bearer secret")], list, 32768, 100); // authorization
        var encoder = new HpackEncoder(4096);
        for (var i = 0; i < 3; i++)
        {
            var octets = Encode(encoder, list);
            Assert.Equal(0x1f, octets[0]);
            var again = new HeaderList();
            new HpackDecoder(4096, new HeaderInterner()).Decode(octets, again, 32768, 100);
            Assert.Equal("authorization=Bearer secret!", Wire.Text(again));
        }

        Assert.Equal(0, encoder.TableSize);
    }

    [Fact]
    public void Relaying_the_same_fields_takes_one_octet_each_from_the_third_time_on()
    {
        var interner = new HeaderInterner();
        var client = new HpackEncoder(4096);
        var server = new HpackDecoder(4096, interner);
        var relay = new HpackEncoder(4096);
        var list = new HeaderList();
        foreach (var (name, value) in Wire.Request(("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-go/1.60"))) list.Add(new HeaderEntry(name, value));
        var lengths = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            var received = new HeaderList();
            server.Decode(Encode(client, list), received, 32768, 100);
            lengths.Add(Encode(relay, received).Length);
        }

        Assert.Equal(list.Count, lengths[^1]);
        Assert.True(lengths[0] > lengths[^1] * 5);
    }

    [Fact]
    public void Values_that_differ_from_call_to_call_do_not_push_out_those_that_repeat()
    {
        var encoder = new HpackEncoder(4096);
        var steady = new HeaderEntry("x-steady", "always");
        var list = new HeaderList();
        for (var i = 0; i < 500; i++)
        {
            list.Clear();
            list.Add(steady);
            list.Add(new HeaderEntry("x-unique", $"value {i}"));
            var octets = Encode(encoder, list);
            if (i > 2) Assert.Equal(0xbe, octets[0]);
        }

        Assert.Equal(steady.Size, encoder.TableSize);
    }

    [Fact]
    public void RFC7541_4_2_the_encoder_says_the_smallest_and_the_last_size_and_never_exceeds_its_own()
    {
        var encoder = new HpackEncoder(4096);
        encoder.SetPeerLimit(100);
        encoder.SetPeerLimit(1_000_000);
        Assert.Equal("3f453fe11f82", Convert.ToHexStringLower(Encode(encoder, Entries((":method", "GET")))));
        Assert.Equal("82", Convert.ToHexStringLower(Encode(encoder, Entries((":method", "GET")))));
    }

    [Fact]
    public void Whatever_lists_are_encoded_one_after_the_other_with_whatever_table_they_come_back()
    {
        var field = from name in Gen.Elements("a", "content-type", "x-long-name-of-a-field", ":path", "cookie", "grpc-status", "date")
                    from value in Gen.OneOf(Gen.Elements("", "0", "application/grpc", "/a/b"), ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => Ascii(s.Get)))
                    from kind in Gen.Choose(0, 3)
                    select (name, value, kind);
        var step = from fields in field.ListOf()
                   from resize in Gen.Frequency((6, Gen.Constant(-1)), (1, Gen.Elements(0, 50, 300, 4096, 100_000)))
                   select (fields, resize);
        Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var encoder = new HpackEncoder(4096);
            var decoder = new HpackDecoder(100_000, new HeaderInterner(16));
            foreach (var (fields, resize) in steps)
            {
                if (resize >= 0) encoder.SetPeerLimit(resize);
                var list = new HeaderList();
                foreach (var (name, value, kind) in fields)
                {
                    var entry = new HeaderEntry(name, value);
                    if (kind == 0) list.Add(entry);
                    else if (kind == 1) list.Add(entry.Name, entry.Value, neverIndexed: true);
                    else if (kind == 2) list.Add(entry, entry.Value);
                    else list.Add(entry, neverIndexed: false);
                }

                var decoded = new HeaderList();
                Assert.True(decoder.Decode(Encode(encoder, list), decoded, int.MaxValue, int.MaxValue));
                Assert.Equal(Wire.Text(list), Wire.Text(decoded));
                Assert.Equal(list.Size, decoded.Size);
                Assert.Equal(encoder.TableSize, decoder.TableSize);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Many));
    }

    [Fact]
    public void Whatever_octets_are_decoded_nothing_but_a_compression_error_comes_of_it()
    {
        var random = new Random(20260602);
        for (var i = 0; i < 20_000; i++)
        {
            var block = new byte[random.Next(200)];
            random.NextBytes(block);
            var list = new HeaderList();
            try
            {
                new HpackDecoder(4096, new HeaderInterner(16)).Decode(block, list, 4096, 50);
            }
            catch (Http2ConnectionException e)
            {
                Assert.Equal(Http2ErrorCode.CompressionError, e.Code);
            }

            Assert.InRange(list.Count, 0, 50);
            Assert.InRange(list.Size, 0, 4096);
        }
    }

    private static HeaderList Entries(params (string, string)[] fields)
    {
        var list = new HeaderList();
        foreach (var (name, value) in fields) list.Add(new HeaderEntry(name, value));
        return list;
    }

    private static byte[] Encode(HpackEncoder encoder, HeaderList list)
    {
        var octets = new byte[HpackEncoder.MaxEncodedLength(list)];
        return octets[..encoder.Encode(list, octets)];
    }

    private static string Ascii(string text) => new([.. text.Select(c => (char)(c & 0x7f))]);
}
