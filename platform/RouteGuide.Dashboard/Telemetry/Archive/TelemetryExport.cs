using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using RouteGuide.Dashboard.Otlp;
using RouteGuide.Dashboard.Resources;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;

namespace RouteGuide.Dashboard.Telemetry.Archive;

/// <summary>Writes all that is kept into a zip file, as OTLP's JSON and as plain text, one file after the other: no more than one is in memory.</summary>
/// <param name="resources">Who has sent.</param>
/// <param name="logs">The log records.</param>
/// <param name="traces">The traces.</param>
/// <param name="metrics">The measurements.</param>
/// <param name="console">What is written on consoles.</param>
internal sealed class TelemetryExport(TelemetryResources resources, LogStore logs, TraceStore traces, MetricStore metrics, ConsoleTopic console)
{
    /// <summary>Writes it.</summary>
    /// <param name="output">Where to; it need not be able to seek.</param>
    /// <param name="wanted">A resource, or a name of several; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task Write(Stream output, string? wanted, CancellationToken cancellationToken)
    {
        await using var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        foreach (var resource in resources.All.Where(resource => resource.Is(wanted)))
        {
            var name = FileName(resource.Instance);
            await Write(zip, $"structuredlogs/{name}", OtlpMessages.Logs(resource, logs.All().Where(item => item.Resource == resource)), cancellationToken);
            await Write(zip, $"traces/{name}", OtlpMessages.Traces(resource, traces.Where(_ => true).SelectMany(trace => trace.Spans).Where(span => span.Resource == resource)), cancellationToken);
            await Write(zip, $"metrics/{name}", metrics.Read(resource.Instance, items => items.Where(item => item.Resource == resource).SelectMany(OtlpMessages.Metrics).ToList()), cancellationToken);
        }

        await WriteConsole(zip, wanted, cancellationToken);
    }

    private static async Task Write<T>(ZipArchive zip, string path, IEnumerable<T> messages, CancellationToken cancellationToken)
        where T : IMessage
    {
        var number = 0;
        foreach (var message in messages)
        {
            await using var file = await zip.CreateEntry($"{path}-{++number}.json").OpenAsync(cancellationToken);
            await file.WriteAsync(OtlpJson.Write(message), cancellationToken);
        }
    }

    private async Task WriteConsole(ZipArchive zip, string? wanted, CancellationToken cancellationToken)
    {
        foreach (var resource in console.Matching(wanted ?? ConsoleTopic.All))
        {
            await using var file = await zip.CreateEntry($"consolelogs/{FileName(resource)}.txt").OpenAsync(cancellationToken);
            await using var text = new StreamWriter(file, new UTF8Encoding(false));
            try
            {
                await foreach (var line in console.Kept(resource, cancellationToken)) await text.WriteLineAsync($"{line.Time} {line.Text}".AsMemory().Trim(), cancellationToken);
            }
            catch (RpcException fault) when (!cancellationToken.IsCancellationRequested)
            {
                await text.WriteLineAsync($"(The app host did not tell more: {fault.Status.Detail})".AsMemory(), cancellationToken);
            }
        }
    }

    // Whoever sends telemetry names himself as he likes.
    private static string FileName(string name) => string.Concat(name.Take(100).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
}
