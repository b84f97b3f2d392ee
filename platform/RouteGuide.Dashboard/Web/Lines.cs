using System.Text.Json;

namespace RouteGuide.Dashboard.Web;

/// <summary>A response of one JSON document to a line, each sent when it is there.</summary>
/// <param name="response">The response.</param>
internal sealed class Lines(HttpResponse response)
{
    private static readonly byte[] End = "\n"u8.ToArray();

    public async Task Write<T>(T line, CancellationToken cancellationToken)
    {
        if (!response.HasStarted) response.ContentType = "application/x-ndjson";
        await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, Json.Options), cancellationToken);
        await response.Body.WriteAsync(End, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
