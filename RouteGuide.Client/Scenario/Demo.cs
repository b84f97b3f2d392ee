using Grpc.Core;
using Routeguide;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Scenario;

/// <summary>
/// The documented scenario: each kind of RPC once, printed line by line as the public demo prints it, trailing spaces and all.
/// </summary>
internal sealed class Demo(Routeguide.RouteGuide.RouteGuideClient client, TextWriter output, TimeSpan? deadline, Func<IReadOnlyList<Point>> route)
{
    /// <summary>The kinds, in the order in which they run.</summary>
    public static readonly IReadOnlyList<string> Names = ["GetFeature", "ListFeatures", "RecordRoute", "RouteChat"];

    private static readonly Point[] AskedPoints = [new() { Latitude = 409_146_138, Longitude = -746_188_906 }, new()];

    internal static readonly Rectangle NewJersey = new()
    {
        Lo = new Point { Latitude = 400_000_000, Longitude = -750_000_000 },
        Hi = new Point { Latitude = 420_000_000, Longitude = -730_000_000 },
    };

    internal static readonly RouteNote[] Notes =
    [
        Note("First message", 0, 0),
        Note("Second message", 0, 1),
        Note("Third message", 1, 0),
        Note("Fourth message", 0, 0),
        Note("Fifth message", 1, 0),
    ];

    /// <summary>Runs one kind, or all of them.</summary>
    /// <exception cref="RpcException">A call ended with another status than OK.</exception>
    /// <exception cref="UnexpectedAnswerException">An answer cannot be right.</exception>
    public async Task RunAsync(string? only, CancellationToken cancellationToken)
    {
        Func<CancellationToken, Task>[] steps = [GetFeature, ListFeatures, RecordRoute, RouteChat];
        foreach (var (name, step) in Names.Zip(steps))
        {
            if (only is not null && !string.Equals(only, name, StringComparison.OrdinalIgnoreCase)) continue;
            Print($"-------------- {name} --------------");
            await step(cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
    }

    private async Task GetFeature(CancellationToken cancellationToken)
    {
        foreach (var point in AskedPoints)
        {
            var feature = await client.GetFeatureAsync(point, Options(cancellationToken));
            if (feature.Location is null) throw new UnexpectedAnswerException("GetFeature: the server returned a feature without a location.");
            Print(feature.Name.Length > 0
                ? $"Feature called {Printable.Escape(feature.Name)} at {TextFormat.Of(feature.Location)}"
                : $"Found no feature at {TextFormat.Of(feature.Location)}");
        }
    }

    private async Task ListFeatures(CancellationToken cancellationToken)
    {
        Print("Looking for features between 40, -75 and 42, -73");
        using var call = client.ListFeatures(NewJersey, Options(cancellationToken));
        await foreach (var feature in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            Print($"Feature called {Printable.Escape(feature.Name)} at {TextFormat.Of(feature.Location)}");
        }
    }

    private async Task RecordRoute(CancellationToken cancellationToken)
    {
        var points = route();
        using var call = client.RecordRoute(Options(cancellationToken));
        foreach (var point in points)
        {
            Print($"Visiting point {TextFormat.Of(point)}");
            if (!await Sent(call.RequestStream.WriteAsync(point, cancellationToken))) break;
        }

        await Sent(call.RequestStream.CompleteAsync());
        var summary = await call;
        Print($"Finished trip with {summary.PointCount} points ");
        Print($"Passed {summary.FeatureCount} features ");
        Print($"Travelled {summary.Distance} meters ");
        Print($"It took {summary.ElapsedTime} seconds ");
        if (summary.PointCount != points.Count) throw new UnexpectedAnswerException($"RecordRoute: the server counted {summary.PointCount} points, and {points.Count} were sent.");
    }

    private async Task RouteChat(CancellationToken cancellationToken)
    {
        using var call = client.RouteChat(Options(cancellationToken));
        // Read while writing: a server that answers more than the windows hold would otherwise wait for us, and we for it.
        var receiving = Receive(call.ResponseStream, cancellationToken);
        foreach (var note in Notes)
        {
            Print($"Sending {note.Message} at {TextFormat.Of(note.Location)}");
            if (!await Sent(call.RequestStream.WriteAsync(note, cancellationToken))) break;
        }

        await Sent(call.RequestStream.CompleteAsync());
        foreach (var note in await receiving) Print($"Received message {Printable.Escape(note.Message)} at {TextFormat.Of(note.Location)}");
    }

    private static async Task<List<RouteNote>> Receive(IAsyncStreamReader<RouteNote> stream, CancellationToken cancellationToken)
    {
        var notes = new List<RouteNote>();
        await foreach (var note in stream.ReadAllAsync(cancellationToken)) notes.Add(note);
        return notes;
    }

    /// <summary>False when the call has ended before the message was sent: how it ended is told by its answer, which is read next.</summary>
    private static async Task<bool> Sent(Task writing)
    {
        try
        {
            await writing;
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private CallOptions Options(CancellationToken cancellationToken) =>
        new(deadline: deadline is { } time ? DateTime.UtcNow + time : null, cancellationToken: cancellationToken);

    private void Print(string text) => output.Write(text + "\n");

    private static RouteNote Note(string message, int latitude, int longitude) =>
        new() { Message = message, Location = new Point { Latitude = latitude, Longitude = longitude } };
}
