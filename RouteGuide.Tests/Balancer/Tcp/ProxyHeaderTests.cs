using System.Net;
using System.Text;
using RouteGuide.Balancer.Transport.ProxyProtocol;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>The PROXY protocol's header, octet by octet. The examples are those of HAProxy's specification and of AWS's documentation.</summary>
public sealed class ProxyHeaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    /// <summary>AWS's example of a header with type-length-values: a checksum, the id of a VPC endpoint, padding.</summary>
    private const string Aws =
        Signature + "21110054" + "AC1F0771" + "AC1F0A1F" + "C8F2" + "0050" + "030004E8D6892D"
        + "EA0017" + "01767063652D30386432626631356661633530303163" + "39" + "040024" + "000000000000000000000000000000000000000000000000000000000000000000000000";

    [Theory]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324", "192.168.0.11:443")]
    [InlineData("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535", "255.255.255.255:65535")]
    [InlineData("PROXY TCP6 2001:db8::1 fe80::2 0 443\r\n", "[2001:db8::1]:0", "[fe80::2]:443")]
    [InlineData("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")]
    [InlineData("PROXY UNKNOWN\r\n", null, null)]
    [InlineData("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", null, null)]
    public void Version_1_is_read(string line, string? source, string? destination) => Reads(Encoding.ASCII.GetBytes(line), source, destination);

    [Theory]
    [InlineData(Signature + "2111000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB", "192.168.0.1:56324", "192.168.0.11:443")]
    [InlineData(Signature + "21210024" + "20010DB8000000000000000000000001" + "FE800000000000000000000000000002" + "DC04" + "01BB", "[2001:db8::1]:56324", "[fe80::2]:443")]
    [InlineData(Aws, "172.31.7.113:51442", "172.31.10.31:80")]
    [InlineData(Signature + "20000000", null, null)] // LOCAL: a health check of the proxy's own
    [InlineData(Signature + "2011000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB", null, null)] // LOCAL: what follows means nothing
    [InlineData(Signature + "20FF0003" + "010203", null, null)]
    [InlineData(Signature + "21000000", null, null)] // UNSPEC
    [InlineData(Signature + "2112000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB", null, null)] // datagrams
    public void Version_2_is_read(string hex, string? source, string? destination) => Reads(Convert.FromHexString(hex), source, destination);

    [Fact]
    public void Sockets_of_a_file_system_and_long_values_are_skipped()
    {
        Reads([.. Convert.FromHexString(Signature + "213100D8"), .. new byte[216]], null, null);
        Reads([.. Convert.FromHexString(Signature + "2111FFFF" + "C0A80001" + "C0A8000B" + "DC04" + "01BB"), .. new byte[65535 - 12]], "192.168.0.1:56324", "192.168.0.11:443");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n")]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\n")]
    [InlineData("PROXY  TCP4 192.168.0.1 192.168.0.11 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324\r\n")]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443 1\r\n")]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324 65536\r\n")]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 056324 443\r\n")]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 -1 443\r\n")]
    [InlineData("PROXY TCP4 192.168.0.01 192.168.0.11 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.168.1 192.168.0.11 56324 443\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 192.168.0.11 56324 443\r\n")]
    [InlineData("PROXY TCP6 192.168.0.1 192.168.0.11 56324 443\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 fe80::2 56324 443\r\n")]
    [InlineData("PROXY TCP6 [fe80::1] fe80::2 56324 443\r\n")]
    [InlineData("PROXY UDP4 192.168.0.1 192.168.0.11 56324 443\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("PROXY UNKNOWN fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\r\n")]
    public void What_is_no_line_of_version_1_is_refused(string line) => Refuses(Encoding.ASCII.GetBytes(line));

    [Theory]
    [InlineData("0D0A0D0A000D0A515549540B" + "2111000C")] // a signature that ends otherwise
    [InlineData("160301020001000001FC0303")] // a TLS handshake
    [InlineData(Signature + "1111000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")] // version 1
    [InlineData(Signature + "2211000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")] // no such command
    [InlineData(Signature + "2141000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")] // no such family
    [InlineData(Signature + "2113000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")] // no such protocol
    [InlineData(Signature + "2111000B" + "C0A80001" + "C0A8000B" + "DC04" + "01")] // too short
    [InlineData(Signature + "2121000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")]
    public void What_is_no_header_of_version_2_is_refused(string hex) => Refuses(Convert.FromHexString(hex));

    [Theory]
    [InlineData("192.168.0.1:56324", "192.168.0.11:443", Signature + "2111000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")]
    [InlineData("[::ffff:192.168.0.1]:56324", "192.168.0.11:443", Signature + "2111000C" + "C0A80001" + "C0A8000B" + "DC04" + "01BB")]
    [InlineData("[2001:db8::1]:56324", "[fe80::2]:443", Signature + "21210024" + "20010DB8000000000000000000000001" + "FE800000000000000000000000000002" + "DC04" + "01BB")]
    [InlineData("[2001:db8::1]:56324", "192.168.0.11:443", Signature + "21210024" + "20010DB8000000000000000000000001" + "00000000000000000000FFFFC0A8000B" + "DC04" + "01BB")]
    public void Version_2_is_written(string source, string destination, string hex)
    {
        var written = new byte[ProxyHeaderWriter.MaxLength];
        var length = ProxyHeaderWriter.Write(written, IPEndPoint.Parse(source), IPEndPoint.Parse(destination));
        Assert.Equal(hex, Convert.ToHexString(written, 0, length));
    }

    // However it comes: whole, with what follows it, and in pieces of every size.
    private static void Reads(byte[] header, string? source, string? destination)
    {
        foreach (var size in (int[])[1, 2, 3, 5, 12, 15, 16, 17, 27, 28, header.Length, header.Length + 9])
        {
            var octets = (byte[])[.. header, .. "and more\n"u8];
            var reader = new ProxyHeaderReader();
            var at = 0;
            var status = ProxyHeaderStatus.Incomplete;
            while (status == ProxyHeaderStatus.Incomplete && at < octets.Length)
            {
                status = reader.Read(octets.AsSpan(at, Math.Min(size, octets.Length - at)), out var used);
                at += used;
            }

            Assert.Equal((ProxyHeaderStatus.Complete, header.Length), (status, at));
            Assert.Equal((source, destination), (reader.Source?.ToString(), reader.Destination?.ToString()));
        }
    }

    private static void Refuses(byte[] octets)
    {
        foreach (var size in (int[])[1, 7, 16, 200])
        {
            var reader = new ProxyHeaderReader();
            var status = ProxyHeaderStatus.Incomplete;
            for (var at = 0; status == ProxyHeaderStatus.Incomplete && at < octets.Length; at += size) status = reader.Read(octets.AsSpan(at, Math.Min(size, octets.Length - at)), out _);
            Assert.Equal(ProxyHeaderStatus.Malformed, status);
            Assert.NotNull(reader.Fault);
        }
    }
}
