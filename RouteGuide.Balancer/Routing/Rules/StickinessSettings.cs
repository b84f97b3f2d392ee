using System.Buffers;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What ties a client to a target.</summary>
internal enum StickinessType
{
    /// <summary>A cookie of the balancer's.</summary>
    [SettingName("lb_cookie")]
    LbCookie,

    /// <summary>A cookie of the application's, with one of the balancer's beside it.</summary>
    [SettingName("app_cookie")]
    AppCookie,

    /// <summary>A header field; of gRPC, metadata.</summary>
    [SettingName("header")]
    Header,
}

/// <summary>Whether a client's requests stay with one target of a group. Attributes of a target group.</summary>
internal sealed record StickinessSettings : IChecked
{
    private const double LongestSeconds = 604_800;

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    [Setting("enabled", "requests of one client go to one target while it takes calls")]
    public bool Enabled { get; init; }

    [Setting("type", "what a client is known by: `lb_cookie` (AWSALB), `app_cookie` (AWSALBAPP-0 beside the application's) or `header`")]
    public StickinessType Type { get; init; }

    [Setting("lb_cookie.duration_seconds", "for how long after the last response", Least = 1, Most = LongestSeconds)]
    public TimeSpan LbCookieDuration { get; init; } = TimeSpan.FromDays(1);

    [Setting("app_cookie.duration_seconds", "for how long after the last response with the application's cookie", Least = 1, Most = LongestSeconds)]
    public TimeSpan AppCookieDuration { get; init; } = TimeSpan.FromDays(1);

    [Setting("app_cookie.cookie_name", "the application's cookie; not AWSALB, AWSALBAPP or AWSALBTG", Least = 1, Most = 128)]
    public string? AppCookieName { get; init; }

    [Setting("header.name", "the field, of gRPC a metadata key, whose value says which target; calls without it are balanced", Least = 1, Most = 128)]
    public string? HeaderName { get; init; }

    public IEnumerable<SettingProblem> Check()
    {
        if (!Enabled) yield break;
        if (Type == StickinessType.AppCookie && (AppCookieName is null || AppCookieName.AsSpan().ContainsAnyExcept(TokenCharacters) || AppCookieName.StartsWith("AWSALB", StringComparison.OrdinalIgnoreCase)))
        {
            yield return new SettingProblem("app_cookie.cookie_name", AppCookieName, "the name of a cookie that the application sets, without white space, not beginning with AWSALB");
        }

        if (Type == StickinessType.Header && (HeaderName is null || ConditionSyntax.CheckHeaderName(HeaderName) is not null))
        {
            yield return new SettingProblem("header.name", HeaderName, "the name of a header field");
        }
    }
}

/// <summary>What all stickiness has in common. Attributes of the balancer.</summary>
internal sealed record StickinessKeySettings
{
    [Setting("key", "a secret of at least 32 characters that signs cookies; several balancers that have the same one agree on them, and if not set it is another after each start", Least = 32, Most = 1_024, NeedsRestart = true)]
    public string? Key { get; init; }
}
