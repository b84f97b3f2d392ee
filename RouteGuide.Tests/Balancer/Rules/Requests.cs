using System.Net;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Settings;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Rules;

/// <summary>Requests and rules that tests are about.</summary>
internal static class Requests
{
    /// <summary>A header list: <c>:method GET</c> and <c>:path /</c> unless given.</summary>
    public static HeaderList List(params (string Name, string Value)[] fields)
    {
        var list = new HeaderList();
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[(":method", "GET"), (":authority", "example.com"), (":path", "/")])
        {
            list.Add(new HeaderEntry(name, fields.Where(f => f.Name == name).Select(f => f.Value).FirstOrDefault(value)));
        }

        foreach (var (name, value) in fields.Where(f => f.Name[0] != ':')) list.Add(new HeaderEntry(name, value));
        return list;
    }

    /// <summary>Whether a condition holds.</summary>
    public static bool Fits(ConditionSettings condition, string source, params (string Name, string Value)[] fields)
    {
        Assert.Empty(condition.Check());
        return condition.Build().IsMatch(new RequestView(List(fields), IPAddress.Parse(source), isGrpc: false));
    }

    public static ConditionSettings Condition(ConditionField field, params string[] values) => new() { Field = field, Values = values };

    public static ConditionSettings Header(string name, params string[] values) => new() { Field = ConditionField.HttpHeader, HttpHeaderConfig = new() { HttpHeaderName = name, Values = values } };

    public static ConditionSettings Query(params (string? Key, string Value)[] values) =>
        new() { Field = ConditionField.QueryString, QueryStringConfig = new() { Values = [.. values.Select(v => new QueryStringValue { Key = v.Key, Value = v.Value })] } };

    public static ActionSettings ForwardTo(string group) => new() { Type = ActionType.Forward, TargetGroup = group };

    public static RuleSettings Rule(int priority, string group, params ConditionSettings[] conditions) => new() { Priority = priority, Conditions = conditions, Actions = [ForwardTo(group)] };

    /// <summary>The groups of rules, by their names.</summary>
    public static Func<string, TargetGroup> Groups()
    {
        var groups = new Dictionary<string, TargetGroup>();
        return name => groups.TryGetValue(name, out var known) ? known : groups[name] = new TargetGroup(name, ProtocolVersion.Http2, groups.Count);
    }

    /// <summary>What is wrong, as the setting and what would be right.</summary>
    public static string Problems(IChecked settings) => string.Join("; ", settings.Check().Select(p => $"{p.Setting}: '{p.Value}' expected {p.Expected}"));
}
