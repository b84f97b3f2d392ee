using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Which certificate a host name leads to (RFC 9525).</summary>
public sealed class ServerNamesTests
{
    [Theory]
    [InlineData("api.example.com", "exact")]
    [InlineData("API.Example.COM", "exact")]
    [InlineData("api.example.com.", "exact")]
    [InlineData("other.example.com", "wildcard")]
    [InlineData("example.com", null)]
    [InlineData("a.b.example.com", null)]
    [InlineData(".example.com", null)]
    [InlineData("*.example.com", "wildcard")]
    [InlineData("example.org", null)]
    [InlineData("fail.example.net", null)]
    [InlineData("", null)]
    [InlineData("...", null)]
    [InlineData("xn--bcher-kva.example", "german")]
    [InlineData("bücher.example", "german")]
    public void The_exact_name_comes_first_then_a_wildcard_of_one_label(string name, string? expected)
    {
        var names = new ServerNames<string>(
        [
            KeyValuePair.Create("*.example.com", "wildcard"),
            KeyValuePair.Create("api.example.com", "exact"),
            KeyValuePair.Create("api.example.com", "too late"),
            KeyValuePair.Create("f*.example.net", "a part of a label"),
            KeyValuePair.Create("*", "everything"),
            KeyValuePair.Create("xn--bcher-kva.example", "german"),
        ]);

        Assert.Equal(expected, names.Find(name));
    }
}
