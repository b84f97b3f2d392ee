using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using RouteGuide.Dashboard.Security;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Streaming;

/// <summary>
/// <c>/api/stream</c>: all that a window watches, in one response of server-sent events, because a browser opens no more than six
/// connections to a host without TLS.
/// </summary>
/// <param name="topics">What there is to watch.</param>
/// <param name="sessions">Who may.</param>
/// <param name="time">The clock.</param>
/// <param name="lifetime">The end of the program, which ends all streams.</param>
/// <param name="logger">Told what went wrong.</param>
internal sealed class StreamEndpoint(IEnumerable<ITopic> topics, Sessions sessions, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<StreamEndpoint> logger)
{
    private const int MaxStreams = 200;
    private const int Backlog = 64;
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, ITopic> _topics = topics.ToDictionary(topic => topic.Name);
    private int _open;

    public async Task Handle(HttpContext context)
    {
        var opened = Open(context.Request.Query);
        if (Interlocked.Increment(ref _open) > MaxStreams)
        {
            Interlocked.Decrement(ref _open);
            throw new ProblemException(StatusCodes.Status503ServiceUnavailable, "Too many windows", $"{MaxStreams} streams are open already.");
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        List<Task> running = [];
        try
        {
            var events = Channel.CreateBounded<StreamEvent>(Backlog);
            running.Add(KeepAlive(context, events.Writer, ended));
            foreach (var (topic, run) in opened) running.Add(Run(topic, run, events.Writer, ended));
            await Write(context.Response, events.Reader, ended.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException || ended.IsCancellationRequested)
        {
            // The window is gone, or we are.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            await ended.CancelAsync();
            await Task.WhenAll(running);
        }
    }

    private List<(string Name, Func<TopicWriter, CancellationToken, Task> Run)> Open(IQueryCollection query)
    {
        var names = query["topics"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct().ToArray();
        if (names.Length == 0) throw ProblemException.Bad($"topics: name at least one of {string.Join(", ", _topics.Keys)}.");
        return [.. names.Select(name => _topics.TryGetValue(name, out var topic) ? (name, topic.Open(query)) : throw ProblemException.Bad($"topics: '{name}' is none of {string.Join(", ", _topics.Keys)}."))];
    }

    private async Task Run(string name, Func<TopicWriter, CancellationToken, Task> run, ChannelWriter<StreamEvent> events, CancellationTokenSource ended)
    {
        try
        {
            await run(new TopicWriter(name, events), ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // As it should be.
        }
        catch (Exception fault)
        {
            // The browser opens another stream by itself, which begins with the whole state.
            logger.LogError(fault, "The topic {Topic} of a stream broke off.", name);
            await ended.CancelAsync();
        }
    }

    // Also finds out whether the window's login has ended meanwhile.
    private async Task KeepAlive(HttpContext context, ChannelWriter<StreamEvent> events, CancellationTokenSource ended)
    {
        try
        {
            using var timer = new PeriodicTimer(SignOfLife, time);
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                if (sessions.Of(context) is null) await ended.CancelAsync();
                events.TryWrite(default);
            }
        }
        catch (OperationCanceledException)
        {
            // The stream is over.
        }
    }

    private static async Task Write(HttpResponse response, ChannelReader<StreamEvent> events, CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        var body = response.BodyWriter;
        Append(body, "retry: 1000\n\n");
        await body.FlushAsync(cancellationToken);
        while (await events.WaitToReadAsync(cancellationToken))
        {
            while (events.TryRead(out var next))
            {
                if (next.Data is null)
                {
                    Append(body, ":\n\n");
                    continue;
                }

                Append(body, $"event: {next.Name}\ndata: ");
                await body.WriteAsync(next.Data, cancellationToken);
                Append(body, "\n\n");
            }

            if ((await body.FlushAsync(cancellationToken)).IsCompleted) return;
        }
    }

    private static void Append(PipeWriter body, string text) => body.Advance(Encoding.UTF8.GetBytes(text, body.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
