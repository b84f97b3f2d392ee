using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>The examples of RFC 7541 appendix C.</summary>
public sealed class HpackExampleTests
{
    [Theory]
    [InlineData(10, 5, "0a")] // C.1.1
    [InlineData(1337, 5, "1f9a0a")] // C.1.2
    [InlineData(42, 8, "2a")] // C.1.3
    public void RFC7541_C_1_integers(int value, int prefix, string hex)
    {
        var octets = new byte[HpackInteger.MaxLength];
        var written = HpackInteger.Write(octets, 0, prefix, value);
        Assert.Equal(hex, Convert.ToHexStringLower(octets, 0, written));
        ReadOnlySpan<byte> source = Convert.FromHexString(hex);
        Assert.True(HpackInteger.TryRead(ref source, prefix, out var read));
        Assert.Equal(value, read);
        Assert.True(source.IsEmpty);
    }

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key=custom-header", 55)] // C.2.1
    [InlineData("040c2f73616d706c652f70617468", ":path=/sample/path", 0)] // C.2.2
    [InlineData("100870617373776f726406736563726574", "password=secret!", 0)] // C.2.3
    [InlineData("82", ":method=GET", 0)] // C.2.4
    public void RFC7541_C_2_fields(string hex, string field, int tableSize)
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        Assert.Equal(field, Decode(decoder, hex));
        Assert.Equal(tableSize, decoder.TableSize);
    }

    [Fact]
    public void RFC7541_C_3_requests_without_Huffman()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        Assert.Equal(":method=GET|:scheme=http|:path=/|:authority=www.example.com", Decode(decoder, "828684410f7777772e6578616d706c652e636f6d"));
        Assert.Equal(57, decoder.TableSize);
        Assert.Equal(":method=GET|:scheme=http|:path=/|:authority=www.example.com|cache-control=no-cache", Decode(decoder, "828684be58086e6f2d6361636865"));
        Assert.Equal(110, decoder.TableSize);
        Assert.Equal(
            ":method=GET|:scheme=https|:path=/index.html|:authority=www.example.com|custom-key=custom-value",
            Decode(decoder, "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"));
        Assert.Equal(164, decoder.TableSize);
    }

    [Fact]
    public void RFC7541_C_4_requests_with_Huffman()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        Assert.Equal(":method=GET|:scheme=http|:path=/|:authority=www.example.com", Decode(decoder, "828684418cf1e3c2e5f23a6ba0ab90f4ff"));
        Assert.Equal(":method=GET|:scheme=http|:path=/|:authority=www.example.com|cache-control=no-cache", Decode(decoder, "828684be5886a8eb10649cbf"));
        Assert.Equal(
            ":method=GET|:scheme=https|:path=/index.html|:authority=www.example.com|custom-key=custom-value",
            Decode(decoder, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));
        Assert.Equal(164, decoder.TableSize);
    }

    [Fact]
    public void RFC7541_C_5_responses_without_Huffman_and_with_eviction()
    {
        var decoder = SmallTable();
        const string Rest = "|cache-control=private|date=Mon, 21 Oct 2013 20:13:21 GMT|location=https://www.example.com";
        Assert.Equal(
            ":status=302" + Rest,
            Decode(decoder, "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d"));
        Assert.Equal(222, decoder.TableSize);
        Assert.Equal(":status=307" + Rest, Decode(decoder, "4803333037c1c0bf"));
        Assert.Equal(222, decoder.TableSize);
        Assert.Equal(
            ":status=200|cache-control=private|date=Mon, 21 Oct 2013 20:13:22 GMT|location=https://www.example.com|content-encoding=gzip|set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            Decode(decoder, "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31"));
        Assert.Equal(215, decoder.TableSize);
    }

    [Fact]
    public void RFC7541_C_6_responses_with_Huffman_and_with_eviction()
    {
        var decoder = SmallTable();
        const string Rest = "|cache-control=private|date=Mon, 21 Oct 2013 20:13:21 GMT|location=https://www.example.com";
        Assert.Equal(
            ":status=302" + Rest,
            Decode(decoder, "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"));
        Assert.Equal(":status=307" + Rest, Decode(decoder, "4883640effc1c0bf"));
        Assert.Equal(
            ":status=200|cache-control=private|date=Mon, 21 Oct 2013 20:13:22 GMT|location=https://www.example.com|content-encoding=gzip|set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            Decode(decoder, "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"));
        Assert.Equal(215, decoder.TableSize);
    }

    private static HpackDecoder SmallTable()
    {
        var decoder = new HpackDecoder(4096, new HeaderInterner());
        decoder.Decode([0x3f, 0xe1, 0x01], new HeaderList(), 1, 1); // size update to 256
        return decoder;
    }

    private static string Decode(HpackDecoder decoder, string hex)
    {
        var list = new HeaderList();
        Assert.True(decoder.Decode(Convert.FromHexString(hex), list, 32768, 100));
        return Wire.Text(list);
    }
}
