using System.Text.Encodings.Web;
using System.Text.Json;

namespace RouteGuide.Bench.HotNode;

/// <summary>How many calls each replica got, in both modes. Every replica is there, also with none.</summary>
/// <param name="Request">Each call balanced by itself.</param>
/// <param name="Tcp">The connection balanced as a whole.</param>
internal sealed record HotNodeResult(IReadOnlyDictionary<string, int> Request, IReadOnlyDictionary<string, int> Tcp)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";
}
