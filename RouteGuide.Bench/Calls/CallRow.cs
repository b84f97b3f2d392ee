namespace RouteGuide.Bench.Calls;

/// <summary>What is called, and how much of it at a time.</summary>
internal enum CallLoad
{
    /// <summary>Unary calls over four connections, 50 in flight on each, by <c>h2load</c>. The server is what is measured.</summary>
    ServerUnary,

    /// <summary>Unary calls, 50 in flight.</summary>
    Unary50,

    /// <summary>Unary calls, one after the other.</summary>
    Unary1,

    /// <summary>Calls with a stream of responses, one after the other; each message counts.</summary>
    ServerStreaming,

    /// <summary>Calls with a stream of requests, one after the other; each message counts.</summary>
    ClientStreaming,

    /// <summary>50 calls with streams both ways at a time; each waits for the echo of a message before it sends the next, and each pair counts.</summary>
    Duplex50,

    /// <summary>The same, one call at a time.</summary>
    Duplex1,
}

/// <summary>Whose process is measured.</summary>
internal enum CallSide
{
    /// <summary>A bare Kestrel endpoint, which everything else is put in relation to.</summary>
    Bare,

    /// <summary>The runtime's server.</summary>
    Server,

    /// <summary>The runtime's client, with the transport that a channel has of its own.</summary>
    Client,

    /// <summary>The runtime's client with a <c>SocketsHttpHandler</c> given to it.</summary>
    SocketsClient,
}

/// <summary>What the official implementation costs on the machine that the goals were set on, where a bare endpoint costs <see cref="Bare"/>.</summary>
/// <param name="Least">CPU µs.</param>
/// <param name="Most">CPU µs, where runs differed.</param>
internal sealed record OfficialCost(double Least, double Most)
{
    /// <summary>CPU µs of a call of a bare Kestrel endpoint on that machine.</summary>
    public const double Bare = 5;

    /// <summary>The same on a machine where the bare endpoint costs as much.</summary>
    public OfficialCost Scaled(double bare) => new(Least * bare / Bare, Most * bare / Bare);
}

/// <summary>One row of the table.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Title">As in the table.</param>
/// <param name="Side">Whose process is measured.</param>
/// <param name="Load">With what.</param>
/// <param name="Official">What the official one costs; null where that is not known.</param>
/// <param name="CpuGoal">The most CPU: of the bare endpoint for a server, of the official one for a client; null for no goal.</param>
/// <param name="BytesGoal">The most octets allocated; null for no goal.</param>
internal sealed record CallRow(string Name, string Title, CallSide Side, CallLoad Load, OfficialCost? Official, double? CpuGoal, double? BytesGoal)
{
    private const string Sockets = "-sockets";

    /// <summary>All rows, in the order of the table.</summary>
    public static IReadOnlyList<CallRow> All { get; } =
    [
        new("bare", "bare endpoint: unary, 4 × 50", CallSide.Bare, CallLoad.ServerUnary, null, null, null),
        new("server", "server: unary, 4 × 50", CallSide.Server, CallLoad.ServerUnary, new OfficialCost(5.0, 5.9), 1.10, 400),
        .. Clients(CallSide.Client, "client", ""),
        .. Clients(CallSide.SocketsClient, "client, sockets", Sockets),
    ];

    /// <summary>Whether the goals are for this row: those of the client are for the transport that users get.</summary>
    public bool HasGoal => CpuGoal is not null || BytesGoal is not null;

    private static IEnumerable<CallRow> Clients(CallSide side, string title, string suffix)
    {
        var judged = side is CallSide.Client;
        yield return New("unary-50", "unary, 50 in flight", CallLoad.Unary50, new OfficialCost(21, 28), 0.5, 1_500);
        yield return New("unary-1", "unary, 1 in flight", CallLoad.Unary1, new OfficialCost(135, 158), 0.8, null);
        yield return New("server-streaming", "server streaming, per message", CallLoad.ServerStreaming, new OfficialCost(1.6, 1.6), null, null);
        yield return New("client-streaming", "client streaming, per message", CallLoad.ClientStreaming, new OfficialCost(6.8, 6.8), 0.5, null);
        yield return New("duplex-50", "duplex, 50 in flight, per pair", CallLoad.Duplex50, new OfficialCost(17.8, 17.8), 0.5, null);
        yield return New("duplex-1", "duplex, 1 in flight, per pair", CallLoad.Duplex1, null, null, null);

        CallRow New(string name, string what, CallLoad load, OfficialCost? official, double? cpu, double? bytes) =>
            new(name + suffix, $"{title}: {what}", side, load, official, judged ? cpu : null, judged ? bytes : null);
    }
}
