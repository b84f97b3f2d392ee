using System.Text;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Routing;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData("/", "/", true)]
    [InlineData("/", "/a", false)]
    [InlineData("/api/*", "/api/", true)]
    [InlineData("/api/*", "/api/a/b", true)]
    [InlineData("/api/*", "/api", false)]
    [InlineData("/api/*", "/API/a", false)]
    [InlineData("/a?c", "/abc", true)]
    [InlineData("/a?c", "/ac", false)]
    [InlineData("*", "", true)]
    [InlineData("*.png", "/img/a.png", true)]
    [InlineData("*.png", "/img/a.png.txt", false)]
    [InlineData("/*/b/*/d", "/x/b/b/y/d", true)]
    [InlineData("/*/b/*/d", "/x/b/d", false)]
    [InlineData("/a*a*a", "/aaa", true)]
    [InlineData("/a*a*a", "/aa", false)]
    [InlineData("/test.Service/*", "/test.Service/Call", true)]
    public void A_star_is_any_number_of_characters_and_a_question_mark_is_one(string pattern, string path, bool fits) =>
        Assert.Equal(fits, PathPattern.TryParse(pattern, out _)!.IsMatch(Encoding.ASCII.GetBytes(path)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("api")]
    [InlineData("/a b")]
    [InlineData("/é")]
    [InlineData("/*/*/*/*/*/*")]
    public void What_is_no_pattern_is_refused_with_what_would_be_one(string? text)
    {
        Assert.Null(PathPattern.TryParse(text, out var expected));
        Assert.StartsWith("a pattern ", expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_has_at_most_128_characters()
    {
        Assert.NotNull(PathPattern.TryParse("/" + new string('a', 127), out _));
        Assert.Null(PathPattern.TryParse("/" + new string('a', 128), out var expected));
        Assert.Contains("128", expected, StringComparison.Ordinal);
    }
}
