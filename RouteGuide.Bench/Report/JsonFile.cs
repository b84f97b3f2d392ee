using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RouteGuide.Bench.Report;

/// <summary>The report as JSON: <c>results</c> first, then what failed and how it was measured.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(string file, ComparisonReport report) => File.WriteAllText(file, JsonSerializer.Serialize(report, Options) + "\n");

    /// <exception cref="BenchException">It cannot be read.</exception>
    public static ComparisonReport Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<ComparisonReport>(File.ReadAllText(file), Options) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new BenchException($"'{file}' cannot be read as a comparison's results: {e.Message}", e);
        }
    }
}
