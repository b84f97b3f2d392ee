using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using RouteGuide.Dashboard.Otlp;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Archive;

/// <summary>Takes in telemetry from a file: a zip with files of OTLP's JSON, or one such file. What is in there counts against the limits like anything that is sent.</summary>
/// <param name="logs">Takes log records.</param>
/// <param name="traces">Takes spans.</param>
/// <param name="metrics">Takes measurements.</param>
internal sealed class TelemetryImport(LogIngestion logs, TraceIngestion traces, MetricIngestion metrics) : IDisposable
{
    /// <summary>Bytes of a file that is sent.</summary>
    public const int MaxFile = 64 * 1024 * 1024;

    private const int MaxEntry = 32 * 1024 * 1024;
    private const long MaxUnpacked = 1024L * 1024 * 1024;

    private static ReadOnlySpan<byte> ZipMark => "PK"u8;

    // A file is held in memory while it is read: one at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <exception cref="ProblemException">It is no such file, holds nothing of the kind, or is too large.</exception>
    public async Task<ImportView> Read(Stream body, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var file = await Bytes(body, MaxFile, "The file", cancellationToken);
            var taken = new Taken();
            if (file.WrittenSpan.StartsWith(ZipMark)) await ReadZip(file.WrittenMemory, taken, cancellationToken);
            else Take(file.WrittenMemory, "The file", taken);
            return taken.Files > 0 ? taken.View : throw ProblemException.Bad("The file holds no telemetry: it is neither OTLP's JSON nor a zip with such files in it.");
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task ReadZip(ReadOnlyMemory<byte> file, Taken taken, CancellationToken cancellationToken)
    {
        try
        {
            using var zip = new ZipArchive(new MemoryStream(file.ToArray(), writable: false), ZipArchiveMode.Read);
            long unpacked = 0;
            foreach (var entry in zip.Entries)
            {
                if (!entry.FullName.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
                {
                    taken.Skipped++;
                    continue;
                }

                await using var packed = await entry.OpenAsync(cancellationToken);
                var content = await Bytes(packed, MaxEntry, $"'{entry.FullName}'", cancellationToken);
                unpacked += content.WrittenCount;
                if (unpacked > MaxUnpacked) throw TooLong("The file, unpacked,", MaxUnpacked);
                Take(content.WrittenMemory, $"'{entry.FullName}'", taken);
            }
        }
        catch (InvalidDataException broken)
        {
            throw ProblemException.Bad($"The zip file cannot be read: {broken.Message}");
        }
    }

    private void Take(ReadOnlyMemory<byte> json, string what, Taken taken)
    {
        try
        {
            switch (KindOf(json.Span))
            {
                case "resourceLogs":
                    var records = OtlpJson.Parse(ExportLogsServiceRequest.Parser, json);
                    taken.Logs += records.ResourceLogs.Sum(sent => sent.ScopeLogs.Sum(scope => (long)scope.LogRecords.Count)) - (logs.Take(records).PartialSuccess?.RejectedLogRecords ?? 0);
                    break;
                case "resourceSpans":
                    var spans = OtlpJson.Parse(ExportTraceServiceRequest.Parser, json);
                    taken.Spans += spans.ResourceSpans.Sum(sent => sent.ScopeSpans.Sum(scope => (long)scope.Spans.Count)) - (traces.Take(spans).PartialSuccess?.RejectedSpans ?? 0);
                    break;
                case "resourceMetrics":
                    var measured = OtlpJson.Parse(ExportMetricsServiceRequest.Parser, json);
                    taken.Metrics += measured.ResourceMetrics.Sum(sent => sent.ScopeMetrics.Sum(scope => (long)scope.Metrics.Count));
                    metrics.Take(measured);
                    break;
                default:
                    taken.Skipped++;
                    return;
            }

            taken.Files++;
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidJsonException or FormatException or JsonException)
        {
            throw ProblemException.Bad($"{what} is no telemetry: {fault.Message}");
        }
    }

    // The first name in the object says what it is.
    private static string? KindOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }

    private static async Task<ArrayBufferWriter<byte>> Bytes(Stream stream, int most, string what, CancellationToken cancellationToken)
    {
        var bytes = new ArrayBufferWriter<byte>(64 * 1024);
        while (await stream.ReadAsync(bytes.GetMemory(64 * 1024), cancellationToken) is > 0 and var read)
        {
            bytes.Advance(read);
            if (bytes.WrittenCount > most) throw TooLong(what, most);
        }

        return bytes;
    }

    private static ProblemException TooLong(string what, long most) => new(StatusCodes.Status413PayloadTooLarge, "Too large", $"{what} has more than {most} bytes.");

    private sealed class Taken
    {
        public int Files;
        public int Skipped;
        public long Logs;
        public long Spans;
        public long Metrics;

        public ImportView View => new(Files, Skipped, Logs, Spans, Metrics);
    }
}

/// <summary>What was taken from a file.</summary>
internal sealed record ImportView(int Files, int Skipped, long Logs, long Spans, long Metrics);
