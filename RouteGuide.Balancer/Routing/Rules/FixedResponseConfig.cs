using System.Globalization;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What is answered.</summary>
internal sealed record FixedResponseConfig : IChecked
{
    private static readonly string[] ContentTypes = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];

    [Setting("StatusCode", "2XX, 4XX or 5XX", Required = true)]
    public string StatusCode { get; init; } = "";

    [Setting("ContentType", "`text/plain`, `text/css`, `text/html`, `application/javascript` or `application/json`")]
    public string ContentType { get; init; } = ContentTypes[0];

    [Setting("MessageBody", "the text, up to 1,024 characters; to gRPC clients it is the status's message", Most = 1_024)]
    public string MessageBody { get; init; } = "";

    public IEnumerable<SettingProblem> Check()
    {
        if (StatusCode is not ['2' or '4' or '5', >= '0' and <= '9', >= '0' and <= '9']) yield return new SettingProblem(nameof(StatusCode), StatusCode, "a status of HTTP from 200 to 299 or 400 to 599");
        else if (StatusCode is "204" or "205" && MessageBody.Length > 0) yield return new SettingProblem(nameof(MessageBody), MessageBody, $"no text: a response with status {StatusCode} has none");
        if (!ContentTypes.Contains(ContentType)) yield return new SettingProblem(nameof(ContentType), ContentType, $"one of {string.Join(", ", ContentTypes)}");
    }

    public FixedResponseAction Build() => new(int.Parse(StatusCode, CultureInfo.InvariantCulture), ContentType.StartsWith("text/", StringComparison.Ordinal) ? ContentType + "; charset=utf-8" : ContentType, MessageBody);
}
