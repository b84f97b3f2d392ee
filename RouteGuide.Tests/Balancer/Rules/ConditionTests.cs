using RouteGuide.Balancer.Routing.Rules;
using static RouteGuide.Tests.Balancer.Rules.Requests;

namespace RouteGuide.Tests.Balancer.Rules;

/// <summary>What each condition of a rule fits.</summary>
public sealed class ConditionTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "anything", true)]
    [InlineData("**", "", true)]
    [InlineData("?", "", false)]
    [InlineData("a*", "a", true)]
    [InlineData("*a", "ba", true)]
    [InlineData("*a", "ab", false)]
    [InlineData("a*a", "a", false)]
    [InlineData("a*a", "aa", true)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "acb", false)]
    [InlineData("*ab?d*", "xxabcdyy", true)]
    [InlineData("*ab?d*", "xxabdyy", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("*a*a*a*", "aa", false)]
    [InlineData("*a*a*a*", "xaxaxax", true)]
    public void A_star_is_any_number_of_characters_and_a_question_mark_is_one(string pattern, string value, bool fits) =>
        Assert.Equal(fits, Fits(Header("x", pattern), "10.0.0.1", ("x", value)));

    [Theory]
    [InlineData("example.com", "example.com", true)]
    [InlineData("example.com", "EXAMPLE.com:8443", true)]
    [InlineData("EXAMPLE.*", "example.org", true)]
    [InlineData("*.example.com", "a.b.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("test?.example.com", "test1.example.com", true)]
    [InlineData("[::1]", "[::1]:50051", true)]
    [InlineData("localhost", "localhost", true)]
    public void A_host_fits_in_any_case_and_without_its_port(string pattern, string host, bool fits) =>
        Assert.Equal(fits, Fits(Condition(ConditionField.HostHeader, pattern), "10.0.0.1", (":authority", host)));

    [Theory]
    [InlineData("/img/*", "/img/a.png?x=1", true)]
    [InlineData("/img/*", "/IMG/a.png", false)]
    [InlineData("/img", "/img?x=/img/", true)]
    [InlineData("/routeguide.RouteGuide/*", "/routeguide.RouteGuide/GetFeature", true)]
    [InlineData("/routeguide.RouteGuide/GetFeature", "/routeguide.RouteGuide/ListFeatures", false)]
    [InlineData("*/a%20b", "/x/a%20b", true)]
    public void A_path_fits_in_its_own_case_and_without_its_query(string pattern, string path, bool fits) =>
        Assert.Equal(fits, Fits(Condition(ConditionField.PathPattern, pattern), "10.0.0.1", (":path", path)));

    [Theory]
    [InlineData("GET", true)]
    [InlineData("POST", true)]
    [InlineData("get", false)]
    [InlineData("PUT", false)]
    public void A_method_fits_exactly(string method, bool fits) =>
        Assert.Equal(fits, Fits(Condition(ConditionField.HttpRequestMethod, "GET", "POST"), "10.0.0.1", (":method", method)));

    [Theory]
    [InlineData("User-Agent", "*chrome*", "user-agent", "Mozilla Chrome/1", true)]
    [InlineData("x-tenant", "gold", "x-tenant", "GOLD", true)]
    [InlineData("x-tenant", "gold", "x-tenant2", "gold", false)]
    [InlineData("id-bin", "AAEC", "id-bin", "AAEC", true)]
    [InlineData("id-bin", "AAEC", "id-bin", "aaec", false)]
    [InlineData("id-bin", "AAE=", "id-bin", "AAE", true)]
    [InlineData("id-bin", "AAE", "id-bin", "AAE=", true)]
    [InlineData("id-bin", "AAEC", "id-bin", "BBBB, AAEC", true)]
    public void A_header_fits_in_any_case_but_for_binary_metadata(string name, string pattern, string field, string value, bool fits) =>
        Assert.Equal(fits, Fits(Header(name, pattern), "10.0.0.1", (field, value)));

    [Fact]
    public void Of_a_header_that_comes_several_times_one_has_to_fit()
    {
        Assert.True(Fits(Header("x", "b"), "10.0.0.1", ("x", "a"), ("y", "c"), ("x", "b")));
        Assert.False(Fits(Header("x", "c"), "10.0.0.1", ("x", "a"), ("y", "c"), ("x", "b")));
    }

    [Fact]
    public void Crumbs_of_a_cookie_are_one()
    {
        Assert.True(Fits(Header("Cookie", "*a=1; b=2*"), "10.0.0.1", ("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")));
        Assert.True(Fits(Header("Cookie", "*a=1; b=2*"), "10.0.0.1", ("cookie", "a=1; b=2")));
    }

    [Fact]
    public void Long_values_fit_like_short_ones()
    {
        var text = new string('A', 5_000);
        Assert.True(Fits(Header("x", "*aab*"), "10.0.0.1", ("x", text + "b")));
        Assert.False(Fits(Header("x", "*aac*"), "10.0.0.1", ("x", text + "b")));
        Assert.True(Fits(Query(("k", "*ab")), "10.0.0.1", (":path", $"/?k={text}b")));
    }

    [Theory]
    [InlineData("version", "v1", "/?version=v1", true)]
    [InlineData("version", "v1", "/?a=b&VERSION=V1", true)]
    [InlineData("version", "v1", "/?version=v12", false)]
    [InlineData("version", "v1", "/?xversion=v1", false)]
    [InlineData(null, "*example*", "/?a=b&c=anexample", true)]
    [InlineData(null, "debug", "/?debug", true)]
    [InlineData("debug", "*", "/?debug", true)]
    [InlineData("debug", "*", "/?x", false)]
    [InlineData("q", "a b", "/?q=a%20b", true)]
    [InlineData("q", "a b", "/?q=a+b", true)]
    [InlineData("q", "\\*", "/?q=*", true)]
    [InlineData("q", "\\*", "/?q=x", false)]
    [InlineData("q", "100%", "/?q=100%", true)]
    [InlineData("q", "x", "/q=x", false)]
    [InlineData("q", "a=b", "/?q=a=b", true)]
    public void A_query_fits_by_key_and_value(string? key, string value, string path, bool fits) =>
        Assert.Equal(fits, Fits(Query((key, value)), "10.0.0.1", (":path", path)));

    [Theory]
    [InlineData("10.0.0.0/8", "10.200.3.4", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.1.1", true)]
    [InlineData("192.0.2.7/32", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("0.0.0.0/0", "8.8.8.8", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "8.8.8.8", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/33", "2001:db8:8000::1", false)]
    [InlineData("::ffff:10.0.0.0/104", "10.9.9.9", true)]
    public void A_source_fits_by_its_first_bits(string block, string source, bool fits) =>
        Assert.Equal(fits, Fits(Condition(ConditionField.SourceIp, block), source));

    [Theory]
    [InlineData(nameof(ConditionField.HostHeader), "example.com:443", "without a port")]
    [InlineData(nameof(ConditionField.HostHeader), "exa mple.com", "host name")]
    [InlineData(nameof(ConditionField.PathPattern), "img/*", "begins with '/'")]
    [InlineData(nameof(ConditionField.PathPattern), "/é", "visible ASCII")]
    [InlineData(nameof(ConditionField.HttpRequestMethod), "G*T", "without wildcards")]
    [InlineData(nameof(ConditionField.HttpRequestMethod), "get", "capital letters")]
    [InlineData(nameof(ConditionField.SourceIp), "10.0.0.1/8", "10.0.0.0/8")]
    [InlineData(nameof(ConditionField.SourceIp), "10.0.0.0/33", "0 to 32 bits")]
    [InlineData(nameof(ConditionField.SourceIp), "10.1", "10.0.0.0/8")]
    [InlineData(nameof(ConditionField.SourceIp), "everybody", "10.0.0.0/8")]
    public void A_value_that_is_none_is_named_with_what_would_be_one(string field, string value, string expected)
    {
        var problems = Problems(Condition(Enum.Parse<ConditionField>(field), value));

        Assert.StartsWith($"Values:0: '{value}'", problems, StringComparison.Ordinal);
        Assert.Contains(expected, problems, StringComparison.Ordinal);
    }

    [Fact]
    public void A_condition_has_its_values_in_one_place_and_nothing_of_another_field()
    {
        Assert.Equal("", Problems(new ConditionSettings { Field = ConditionField.PathPattern, PathPatternConfig = new() { Values = ["/a"] } }));
        Assert.Contains("Values: '/b'", Problems(new ConditionSettings { Field = ConditionField.PathPattern, Values = ["/b"], PathPatternConfig = new() { Values = ["/a"] } }), StringComparison.Ordinal);
        Assert.Contains("Values: ''", Problems(new ConditionSettings { Field = ConditionField.HostHeader }), StringComparison.Ordinal);
        Assert.Contains("SourceIpConfig: 'set'", Problems(Condition(ConditionField.PathPattern, "/a") with { SourceIpConfig = new() { Values = ["10.0.0.0/8"] } }), StringComparison.Ordinal);
        Assert.Contains("HttpHeaderConfig: ''", Problems(new ConditionSettings { Field = ConditionField.HttpHeader }), StringComparison.Ordinal);
        Assert.Contains("HttpHeaderConfig:HttpHeaderName: 'Host'", Problems(Header("Host", "a")), StringComparison.Ordinal);
        Assert.Contains("PathPatternConfig:Values:0: 'a'", Problems(new ConditionSettings { Field = ConditionField.PathPattern, PathPatternConfig = new() { Values = ["a"] } }), StringComparison.Ordinal);
    }
}
