using System.Globalization;
using System.Threading.Channels;
using Aspire.DashboardService.Proto.V1;
using Grpc.Core;
using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Resources;

/// <summary>A line that a resource wrote.</summary>
internal sealed record ConsoleLineView(string Resource, int Line, string Text, bool StdErr, string? Time);

/// <summary>Lines, or why there are none.</summary>
internal sealed record ConsoleEvent(bool Reset, IReadOnlyList<ConsoleLineView> Lines, int Dropped, string? Note);

/// <summary>What one resource, or every one, writes. The app host keeps the lines; here they pass through.</summary>
/// <param name="book">The resources.</param>
/// <param name="service">The app host.</param>
/// <param name="time">The clock.</param>
internal sealed class ConsoleTopic(ResourceBook book, ResourceService service, TimeProvider time) : ITopic
{
    public const string All = "*";
    private const int MaxLinesOfEvent = 500;
    private const int Backlog = 2_000;
    private const int MaxText = 16 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    public string Name => "console";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query)
    {
        var wanted = query["console"].ToString();
        if (wanted.Length == 0) throw ProblemException.Bad($"console: name a resource, or '{All}' for all.");
        return (writer, cancellationToken) => Run(wanted, writer, cancellationToken);
    }

    /// <summary>The lines that the app host keeps, once.</summary>
    public async IAsyncEnumerable<ConsoleLineView> Kept(string wanted, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var resource in Matching(wanted))
        {
            await foreach (var update in service.ConsoleOf(resource, follow: false, cancellationToken))
            {
                foreach (var line in update.LogLines) yield return View(resource, line);
            }
        }
    }

    public static ConsoleLineView View(string resource, ConsoleLogLine line)
    {
        var text = line.Text.Length > MaxText ? line.Text[..MaxText] + "…" : line.Text;
        // Hosts put the time before the line.
        var space = text.IndexOf(' ');
        return space is >= 20 and <= 36 && text[10] == 'T' && DateTimeOffset.TryParse(text.AsSpan(0, space), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new ConsoleLineView(resource, line.LineNumber, text[(space + 1)..], line.IsStdErr, Iso.Time(time))
            : new ConsoleLineView(resource, line.LineNumber, text, line.IsStdErr, null);
    }

    /// <summary>The resources of a name that have a console; of <see cref="All"/>, every one.</summary>
    public string[] Matching(string wanted) =>
        wanted == All ? [.. book.Current.Resources.Values.Where(resource => !resource.Hidden && !resource.IsValue).Select(resource => resource.Name)]
        : book.Find(wanted) is { } resource ? [resource.Name]
        : [.. book.Current.Resources.Values.Where(candidate => candidate.DisplayName.Equals(wanted, StringComparison.OrdinalIgnoreCase)).Select(candidate => candidate.Name)];

    private async Task Run(string wanted, TopicWriter writer, CancellationToken cancellationToken)
    {
        var lines = Channel.CreateBounded<ConsoleLineView>(Backlog);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = Send(lines.Reader, writer, ended.Token);
        var readers = new Dictionary<string, Task>(StringComparer.OrdinalIgnoreCase);
        try
        {
            await writer.Send(new ConsoleEvent(true, [], 0, Matching(wanted).Length == 0 ? NoteOf(wanted) : null), cancellationToken);
            while (true)
            {
                var changed = book.Changed.Next;
                foreach (var resource in Matching(wanted))
                {
                    if (!readers.TryGetValue(resource, out var reader) || reader.IsCompleted) readers[resource] = Read(resource, lines.Writer, ended.Token);
                }

                if (sending.IsCompleted) await sending;
                await Task.WhenAny(changed, sending).WaitAsync(cancellationToken);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll([sending, .. readers.Values]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string NoteOf(string wanted) => book.Current.Connection switch
    {
        HostConnection.Connected => wanted == All ? "Nothing runs yet." : $"There is no resource '{wanted}'.",
        HostConnection.None => "There is no app host whose resources could write anything.",
        _ => book.Current.Message ?? "The app host has not answered yet.",
    };

    // Goes on where it was after the host was away: numbers that were seen are not shown again.
    private async Task Read(string resource, ChannelWriter<ConsoleLineView> lines, CancellationToken cancellationToken)
    {
        var (last, first) = (0, (string?)null);
        while (book.Find(resource) is not null)
        {
            try
            {
                await foreach (var update in service.ConsoleOf(resource, follow: true, cancellationToken))
                {
                    foreach (var line in update.LogLines)
                    {
                        // Another first line is that of another run of the host, which counts anew.
                        if (line.LineNumber == 1 && first != line.Text) (last, first) = (0, line.Text);
                        if (line.LineNumber <= last) continue;
                        last = line.LineNumber;
                        await lines.WriteAsync(View(resource, line), cancellationToken);
                    }
                }
            }
            catch (RpcException) when (!cancellationToken.IsCancellationRequested)
            {
                // The page is told by the state of the connection.
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static async Task Send(ChannelReader<ConsoleLineView> lines, TopicWriter writer, CancellationToken cancellationToken)
    {
        while (await lines.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(Breath, cancellationToken);
            var batch = new List<ConsoleLineView>();
            while (batch.Count < MaxLinesOfEvent && lines.TryRead(out var line)) batch.Add(line);
            if (batch.Count > 0) await writer.Send(new ConsoleEvent(false, batch, 0, null), cancellationToken);
        }
    }
}
