using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Http2.Transport.Tls;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Names of certificates as RFC 2253 writes them, and what a hostile one cannot do.</summary>
public sealed class DistinguishedNameTests
{
    [Theory]
    [InlineData("CN=client_.com,OU=client-3,O=mTLS,ST=Washington,C=US", "CN=client_.com,OU=client-3,O=mTLS,ST=Washington,C=US")]
    [InlineData("", "")]
    public void The_most_specific_part_comes_first(string name, string expected) => Assert.Equal(expected, DistinguishedName.ToRfc2253(new X500DistinguishedName(name, X500DistinguishedNameFlags.Reversed).RawData));

    [Theory]
    [InlineData("a,b+c\"d\\e<f>g;h")]
    [InlineData("#number")]
    [InlineData(" edges ")]
    [InlineData(" ")]
    [InlineData("Müller")]
    [InlineData("a=b#c")]
    public void Special_characters_are_written_as_OpenSSL_writes_them(string commonName)
    {
        using var authority = new TestAuthority();
        var builder = new X500DistinguishedNameBuilder();
        builder.AddOrganizationName("O & Co");
        builder.AddCommonName(commonName);
        var name = builder.Build();
        var issued = authority.Issue(name, "1.3.6.1.5.5.7.3.2", []);

        var expected = OpenSsl.Run("x509", "-in", issued.Path, "-noout", "-subject", "-nameopt", "RFC2253").TrimEnd('\n');

        Assert.Equal(expected, $"subject={DistinguishedName.ToRfc2253(name.RawData)}");
    }

    [Fact]
    public void No_name_can_end_a_header_field()
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName("a\r\nx-admin: yes\0\u007f");

        var text = DistinguishedName.ToRfc2253(builder.Build().RawData);

        Assert.All(text, c => Assert.InRange(c, ' ', '~'));
        Assert.Equal(@"CN=a\0D\0Ax-admin: yes\00\7F", text);
    }

    [Fact]
    public void Types_without_a_name_are_numbers_with_their_value_in_hexadecimal()
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddEmailAddress("a@b");

        Assert.Equal("1.2.840.113549.1.9.1=#1603614062", DistinguishedName.ToRfc2253(builder.Build().RawData));
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 0x30, 0x80 })]
    [InlineData(new byte[] { 0x30, 0x05, 0x31, 0x7f, 0, 0, 0 })]
    public void Octets_that_are_no_name_are_told_so(byte[] octets) => Assert.Equal("(unreadable)", DistinguishedName.ToRfc2253(octets));
}

/// <summary>The openssl command.</summary>
internal static class OpenSsl
{
    /// <summary>Runs it and returns its standard output; skips the test where it is missing.</summary>
    public static string Run(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output.Length > 0 ? output : error.GetAwaiter().GetResult();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("no openssl here");
            throw;
        }
    }
}
