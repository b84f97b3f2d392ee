using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>An access log in a file of its own, read as strictly as its format is documented.</summary>
internal sealed partial class LogLines : IDisposable
{
    /// <summary>The fields in their order: those of AWS's user guide, then ours.</summary>
    public static readonly string[] Names =
    [
        "type", "time", "elb", "client:port", "target:port", "request_processing_time", "target_processing_time", "response_processing_time", "elb_status_code",
        "target_status_code", "received_bytes", "sent_bytes", "request", "user_agent", "ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name",
        "chosen_cert_arn", "matched_rule_priority", "request_creation_time", "actions_executed", "redirect_url", "error_reason", "target:port_list",
        "target_status_code_list", "classification", "classification_reason", "conn_trace_id", "transformed_host", "transformed_uri", "request_transform_status",
        "node_ip", "grpc_status", "grpc_message", "attempts", "response_flags", "duration",
    ];

    private static readonly HashSet<string> Quoted =
    [
        "request", "user_agent", "trace_id", "domain_name", "chosen_cert_arn", "actions_executed", "redirect_url", "error_reason", "target:port_list",
        "target_status_code_list", "classification", "classification_reason", "transformed_host", "transformed_uri", "request_transform_status", "grpc_message",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("access-log");

    public string Path => System.IO.Path.Combine(_folder.FullName, "access.log");

    /// <summary>What turns it on.</summary>
    public string[] Settings => ["Balancer:AccessLog:Enabled=true", $"Balancer:AccessLog:Path={Path}"];

    /// <summary>The lines that are there, whole ones.</summary>
    public string[] All => Of(Path);

    public static string[] Of(string path)
    {
        if (!File.Exists(path)) return [];
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var text = file.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Waits for so many lines, and checks and splits them.</summary>
    public async Task<List<Dictionary<string, string>>> Have(int count)
    {
        await Eventually.Until(() => All.Length >= count, $"{count} lines in the access log");
        Assert.Equal(count, All.Length);
        return [.. All.Select(Parse)];
    }

    /// <summary>Splits a line; fails if anything about it is not as documented.</summary>
    public static Dictionary<string, string> Parse(string line)
    {
        Assert.True(line.All(c => c is >= ' ' and <= '~'), line);
        var fields = Fields().Matches(line).Select(m => m.Value).ToArray();
        Assert.Equal(line, string.Join(' ', fields));
        Assert.True(Names.Length == fields.Length, $"{fields.Length} fields: {line}");
        var values = new Dictionary<string, string>();
        foreach (var (name, value) in Names.Zip(fields))
        {
            Assert.Equal((name, Quoted.Contains(name)), (name, value.StartsWith('"')));
            values[name] = value.Trim('"');
        }

        Assert.Matches("^(https?|h2c?|grpcs?|tcp)$", values["type"]);
        foreach (var name in (string[])["time", "request_creation_time"]) Assert.True(DateTimeOffset.TryParseExact(values[name], "yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture, DateTimeStyles.None, out _), values[name]);
        foreach (var name in (string[])["request_processing_time", "target_processing_time", "response_processing_time", "duration"]) Assert.Matches(@"^(-1|\d+\.\d{6})$", values[name]);
        foreach (var name in (string[])["elb_status_code", "target_status_code"]) Assert.Matches(@"^(-|\d{3})$", values[name]);
        foreach (var name in (string[])["received_bytes", "sent_bytes", "attempts"]) Assert.Matches(@"^\d+$", values[name]);
        Assert.Matches("^TID_[0-9a-f]{32}$", values["conn_trace_id"]);
        Assert.Matches("^(-|[0-9a-f]{32})$", values["trace_id"]);
        Assert.Matches("^(-|[A-Z]{2,4}(,[A-Z]{2,4})*)$", values["response_flags"]);
        return values;
    }

    /// <summary>The same of a JSON line.</summary>
    public static Dictionary<string, JsonElement> ParseJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        var values = document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone());
        Assert.Equal(Names.Select(n => n.Replace(':', '_')), values.Keys);
        return values;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [GeneratedRegex("\"[^\"]*\"|[^ \"]+")]
    private static partial Regex Fields();
}
