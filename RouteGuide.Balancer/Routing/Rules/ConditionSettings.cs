using RouteGuide.Balancer.Routing.Conditions;
using RouteGuide.Balancer.Routing.Sources;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What a condition looks at.</summary>
internal enum ConditionField
{
    [SettingName("host-header")]
    HostHeader,

    [SettingName("path-pattern")]
    PathPattern,

    [SettingName("http-header")]
    HttpHeader,

    [SettingName("http-request-method")]
    HttpRequestMethod,

    [SettingName("query-string")]
    QueryString,

    [SettingName("source-ip")]
    SourceIp,
}

/// <summary>The values of a condition.</summary>
internal sealed record ConditionValues
{
    [Setting("Values", "one of them has to fit", Least = 1, Most = ConditionSettings.MaxValues, Required = true)]
    public IReadOnlyList<string> Values { get; init; } = [];
}

/// <summary>Which field of a request, and how it has to read.</summary>
internal sealed record HttpHeaderConfig
{
    [Setting("HttpHeaderName", "the field, of gRPC a metadata key, in any case; up to 40 characters, not `host`", Least = 1, Most = 40, Required = true)]
    public string HttpHeaderName { get; init; } = "";

    [Setting("Values", "one of them has to fit: `*` is any number of characters, `?` is one, in any case but for `-bin` keys", Least = 1, Most = ConditionSettings.MaxValues, Required = true)]
    public IReadOnlyList<string> Values { get; init; } = [];
}

/// <summary>Parameters of a query.</summary>
internal sealed record QueryStringConfig
{
    [Setting("Values", "one of them has to fit", Least = 1, Most = ConditionSettings.MaxValues, Required = true)]
    public IReadOnlyList<QueryStringValue> Values { get; init; } = [];
}

/// <summary>A parameter of a query.</summary>
internal sealed record QueryStringValue
{
    [Setting("Key", "the parameter's name, with wildcards, in any case; any if not set", Least = 1, Most = ConditionSettings.MaxLength)]
    public string? Key { get; init; }

    [Setting("Value", "its value, with wildcards, in any case; a backslash takes `*` and `?` for what they are", Least = 1, Most = ConditionSettings.MaxLength, Required = true)]
    public string Value { get; init; } = "";
}

/// <summary>A condition of a rule, in the vocabulary of AWS's load balancer.</summary>
internal sealed record ConditionSettings : IChecked
{
    /// <summary>Values of one condition.</summary>
    public const int MaxValues = 3;

    /// <summary>Characters of a value.</summary>
    public const int MaxLength = 128;

    [Setting("Field", "what is looked at", Required = true)]
    public ConditionField Field { get; init; }

    [Setting("Values", "one of them has to fit; for `host-header`, `path-pattern`, `http-request-method` and `source-ip`", Most = MaxValues)]
    public IReadOnlyList<string> Values { get; init; } = [];

    [Setting("HostHeaderConfig", "the same as `Values` for `host-header`")]
    public ConditionValues? HostHeaderConfig { get; init; }

    [Setting("PathPatternConfig", "the same as `Values` for `path-pattern`")]
    public ConditionValues? PathPatternConfig { get; init; }

    [Setting("HttpHeaderConfig", "for `http-header`")]
    public HttpHeaderConfig? HttpHeaderConfig { get; init; }

    [Setting("HttpRequestMethodConfig", "the same as `Values` for `http-request-method`")]
    public ConditionValues? HttpRequestMethodConfig { get; init; }

    [Setting("QueryStringConfig", "for `query-string`")]
    public QueryStringConfig? QueryStringConfig { get; init; }

    [Setting("SourceIpConfig", "the same as `Values` for `source-ip`")]
    public ConditionValues? SourceIpConfig { get; init; }

    /// <summary>How often it compares, at most.</summary>
    public int Evaluations => Field == ConditionField.QueryString ? QueryStringConfig?.Values.Count ?? 0 : Texts.Count;

    /// <summary>Of all its values.</summary>
    public int Wildcards => Field switch
    {
        ConditionField.QueryString => QueryStringConfig?.Values.Sum(v => Wildcard.Count(v.Key ?? "", escapes: true) + Wildcard.Count(v.Value, escapes: true)) ?? 0,
        ConditionField.HostHeader or ConditionField.PathPattern or ConditionField.HttpHeader => Texts.Sum(t => Wildcard.Count(t)),
        _ => 0,
    };

    /// <summary>For people.</summary>
    public string Words => Field switch
    {
        ConditionField.QueryString => $"query-string {string.Join(" or ", QueryStringConfig?.Values.Select(v => v.Key is null ? v.Value : $"{v.Key}={v.Value}") ?? [])}",
        ConditionField.HttpHeader => $"http-header {HttpHeaderConfig?.HttpHeaderName}: {string.Join(" or ", Texts)}",
        _ => $"{ConditionSyntax.NameOf(Field)} {string.Join(" or ", Texts)}",
    };

    private IReadOnlyList<string> Texts => Own.Values ?? Values;

    // The section of its field, and what stands in it.
    private (string Name, IReadOnlyList<string>? Values) Own => Field switch
    {
        ConditionField.HostHeader => (nameof(HostHeaderConfig), HostHeaderConfig?.Values),
        ConditionField.PathPattern => (nameof(PathPatternConfig), PathPatternConfig?.Values),
        ConditionField.HttpHeader => (nameof(HttpHeaderConfig), HttpHeaderConfig?.Values),
        ConditionField.HttpRequestMethod => (nameof(HttpRequestMethodConfig), HttpRequestMethodConfig?.Values),
        ConditionField.QueryString => (nameof(QueryStringConfig), null),
        _ => (nameof(SourceIpConfig), SourceIpConfig?.Values),
    };

    /// <summary>What rules ask; for settings that were checked.</summary>
    public Condition Build() => Field switch
    {
        ConditionField.HostHeader => new HostCondition(Texts),
        ConditionField.PathPattern => new PathCondition(Texts),
        ConditionField.HttpHeader => new HeaderCondition(HttpHeaderConfig!.HttpHeaderName, Texts),
        ConditionField.HttpRequestMethod => new MethodCondition(Texts),
        ConditionField.QueryString => new QueryCondition(QueryStringConfig!.Values.Select(v => (v.Key, v.Value))),
        _ => new SourceCondition(Texts.Select(t => CidrBlock.TryParse(t, out var block, out _) ? block : throw new InvalidOperationException($"'{t}' was not checked."))),
    };

    public IEnumerable<SettingProblem> Check()
    {
        var own = Own;
        foreach (var (name, isSet) in Sections())
        {
            if (isSet && name != own.Name) yield return new SettingProblem(name, "set", $"nothing here, as the condition's field is {ConditionSyntax.NameOf(Field)}");
        }

        if (Field is ConditionField.HttpHeader or ConditionField.QueryString)
        {
            if (Values.Count > 0) yield return new SettingProblem(nameof(Values), string.Join(", ", Values), $"nothing here: a condition on {ConditionSyntax.NameOf(Field)} has its values in {own.Name}");
            else if (Field == ConditionField.HttpHeader ? HttpHeaderConfig is null : QueryStringConfig is null) yield return new SettingProblem(own.Name, null, "set, as the condition's field asks for it");
        }
        else if (own.Values is null == (Values.Count == 0))
        {
            yield return new SettingProblem(nameof(Values), string.Join(", ", Values), $"1 to {MaxValues} values, either here or in {own.Name}");
        }

        if (HttpHeaderConfig is not null && Field == ConditionField.HttpHeader && ConditionSyntax.CheckHeaderName(HttpHeaderConfig.HttpHeaderName) is { } header)
        {
            yield return new SettingProblem($"{nameof(HttpHeaderConfig)}:{nameof(HttpHeaderConfig.HttpHeaderName)}", HttpHeaderConfig.HttpHeaderName, header);
        }

        var prefix = own.Values is null ? "" : own.Name + ":";
        for (var i = 0; i < Texts.Count; i++)
        {
            if (ConditionSyntax.CheckValue(Field, Texts[i]) is { } expected) yield return new SettingProblem($"{prefix}{nameof(Values)}:{i}", Texts[i], expected);
        }

        for (var i = 0; i < (QueryStringConfig?.Values.Count ?? 0); i++)
        {
            var value = QueryStringConfig!.Values[i];
            if (value.Key is not null && ConditionSyntax.CheckText(value.Key) is { } key) yield return new SettingProblem($"{nameof(QueryStringConfig)}:Values:{i}:Key", value.Key, key);
            if (ConditionSyntax.CheckText(value.Value) is { } text) yield return new SettingProblem($"{nameof(QueryStringConfig)}:Values:{i}:Value", value.Value, text);
        }
    }

    private IEnumerable<(string Name, bool IsSet)> Sections() =>
    [
        (nameof(HostHeaderConfig), HostHeaderConfig is not null),
        (nameof(PathPatternConfig), PathPatternConfig is not null),
        (nameof(HttpHeaderConfig), HttpHeaderConfig is not null),
        (nameof(HttpRequestMethodConfig), HttpRequestMethodConfig is not null),
        (nameof(QueryStringConfig), QueryStringConfig is not null),
        (nameof(SourceIpConfig), SourceIpConfig is not null),
    ];
}
