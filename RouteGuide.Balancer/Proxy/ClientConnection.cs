using RouteGuide.Balancer.Proxy.Http1;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2;
using RouteGuide.Http2.Connections;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// A client's connection. What it asks of the balancer itself is answered here; everything else becomes an <see cref="Exchange"/>. Also
/// the targets' own health services are reached through it, as clients expect of a proxy.
/// </summary>
internal sealed class ClientConnection : Http2Channel
{
    // What GOAWAY says of its reason; the first is the word of gRPC's own servers.
    private static readonly byte[] MaxAge = "max_age"u8.ToArray();
    private static readonly byte[] MaxIdle = "max_idle"u8.ToArray();
    private static readonly byte[] MaxRequests = "max_requests"u8.ToArray();

    private readonly ProxyListener _listener;
    private readonly Action _onOver;
    private LoopTimer? _age; // until it takes no new calls; null when it may grow as old as it likes
    private LoopTimer? _linger; // until it is closed, having been rotated
    private int _callsLeft;
    private KeepAlive _keepAlive;
    private long _usedMs; // when a stream ended last; before that, when the connection began

    /// <param name="loop">Whose it is.</param>
    /// <param name="channel">Its octets.</param>
    /// <param name="isTls">They came encrypted.</param>
    /// <param name="onOver">Called once.</param>
    /// <param name="listener">That it came to; null for the one of all that have none of their own.</param>
    public ClientConnection(ProxyLoop loop, IChannel channel, bool isTls, Action onOver, ProxyListener? listener = null)
        : base(loop, channel, Http2Role.Server, loop.Shared.Options.Limits.Http2)
    {
        Loop = loop;
        Origin = ClientOrigin.Of(channel, isTls);
        _listener = listener ?? loop.Shared.Listener;
        _onOver = onOver;
        _keepAlive = new KeepAlive(loop.Shared.Options.Limits.KeepAliveIntervalMs, loop.Shared.Options.Limits.KeepAliveTimeoutMs);
        _callsLeft = loop.Shared.Options.MaxRequestsPerConnection;
    }

    public ProxyLoop Loop { get; }

    public ClientOrigin Origin { get; }

    /// <summary>Where it came to.</summary>
    public ProxyListener Listener => _listener;

    /// <summary>Responses say which target they are from, and after how many attempts.</summary>
    public bool NamesTargets => _listener.NamesTargets;

    /// <summary>Octets that the balancer holds because of this client. Goes through its streams.</summary>
    public long HeldOctets => Connection.HeldOctets + Connection.UntakenOctets + Connection.Sum(static s => (s.Tag as Exchange)?.HeldOctets ?? (s.Tag as BridgedStream)?.HeldOctets ?? 0);

    /// <summary>Closes it, as memory is short and it holds the most.</summary>
    public void Evict()
    {
        Connection.Close(Http2ErrorCode.EnhanceYourCalm, "memory is short, and this connection holds the most");
        Flush();
    }

    public override void Start()
    {
        _usedMs = Loop.NowMs;
        base.Start();
        Loop.Add(this);
        if (Loop.Shared.Options.MaxConnectionAge <= TimeSpan.Zero) return;
        _age = new LoopTimer(() => Drain(MaxAge));
        Loop.Timers.Set(_age, Loop.NowMs + AgeMs(Loop.Shared.Options.MaxConnectionAge, Loop.Random));
    }

    /// <summary>How old one connection may become, in milliseconds: a tenth more or less.</summary>
    public static long AgeMs(TimeSpan age, Random random) => (long)(age.TotalMilliseconds * (0.9 + 0.2 * random.NextDouble()));

    /// <summary>Asks the client to open no more streams (RFC 9113 section 6.8); those that are open or on their way finish.</summary>
    public void Drain(byte[]? reason = null)
    {
        if (IsOver) return;
        Connection.BeginDrain(Loop.NowMs, reason);
        if (Connection.IsDrained) Loop.MarkDirty(this);
    }

    /// <summary>Ends the calls that still run, each with a clear answer.</summary>
    public void EndCalls()
    {
        foreach (var stream in Connection.CopyStreams())
        {
            if (stream.Tag is Exchange exchange) exchange.OnShutdown();
            else (stream.Tag as BridgedStream)?.OnShutdown();
        }
    }

    public override void OnReceived(ReadOnlySpan<byte> octets)
    {
        Loop.Meter.ReceivedOctets += octets.Length;
        base.OnReceived(octets);
    }

    public override void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
        if (_callsLeft > 0 && --_callsLeft == 0) Drain(MaxRequests);
        var isTraced = Loop.Shared.Sampling.Samples(headers, Loop.Random);
        if (headers.Frozen?.Derived is RequestTemplate known && known.Routes == _listener.Routes && !isTraced)
        {
            Begin(stream, headers, known, endStream);
            return;
        }

        var method = headers.Value(headers.IndexOf(KnownHeader.Method));
        var kind = new RequestKind(GrpcProtocol.IsGrpc(headers), method.SequenceEqual("HEAD"u8));
        var pathAt = headers.IndexOf(KnownHeader.Path);
        var path = pathAt >= 0 ? headers.Value(pathAt) : default;
        if (IsHealth(method, path))
        {
            LocalReply.WriteText(Connection, stream, Loop.Resources.Outgoing, kind.IsHead, StatusCodes.Status200OK, "Healthy");
            EndIfSent(stream);
        }
        else if (method.SequenceEqual("CONNECT"u8) || method.SequenceEqual("TRACE"u8) || path is not [(byte)'/', ..])
        {
            Refuse(stream, headers, kind, GrpcStatus.Unimplemented, StatusCodes.Status405MethodNotAllowed, $"this balancer does not carry {headers.Text(KnownHeader.Method)} requests for {headers.Text(KnownHeader.Path) ?? headers.Text(KnownHeader.Authority)}");
        }
        else if (RequestFields.FindUnsafe(headers) is >= 0 and var unsafeField)
        {
            Refuse(stream, headers, kind, GrpcStatus.InvalidArgument, StatusCodes.Status400BadRequest, $"the header field '{System.Text.Encoding.Latin1.GetString(headers.Name(unsafeField))}' holds a control character");
        }
        else
        {
            Route(stream, headers, kind, method.SequenceEqual("POST"u8), isTraced, endStream);
        }
    }

    // A client has no responses to announce.
    public override void OnInterimHeaders(Http2Stream stream, HeaderList headers)
    {
    }

    public override void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream)
    {
        // What a client asks for stands at the beginning, so it is known in what language to refuse it. HEAD is not looked for.
        Refuse(
            stream,
            null,
            new RequestKind(GrpcProtocol.IsGrpc(headers), IsHead: false),
            GrpcStatus.ResourceExhausted,
            StatusCodes.Status431RequestHeaderFieldsTooLarge,
            "the request's header fields exceed the limits of this balancer");
    }

    public override void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        if (stream.Tag is Exchange exchange) exchange.OnRequestData(data, endStream);
        else if (stream.Tag is BridgedStream bridge) bridge.OnRequestData(data, endStream);
        else Connection.Consume(stream, data.Length);
    }

    public override void OnTrailers(Http2Stream stream, HeaderList trailers)
    {
        if (stream.Tag is Exchange exchange) exchange.OnRequestTrailers(trailers);
        else (stream.Tag as BridgedStream)?.OnRequestTrailers();
    }

    public override void OnDataSent(Http2Stream stream, int count)
    {
        if (stream.Tag is Exchange exchange) exchange.OnResponseTaken(count);
        else if (stream.Tag is BridgedStream bridge) bridge.OnResponseTaken(count);
        else EndIfSent(stream);
    }

    public override void OnReset(Http2Stream stream, StreamReset reset)
    {
        var tag = stream.Tag;
        stream.Tag = null;
        if (tag is Exchange exchange) exchange.OnClientReset(reset);
        else (tag as BridgedStream)?.OnClientReset();
    }

    public override void OnClosed(Http2Stream stream)
    {
        _usedMs = Loop.NowMs;
        if (stream.Tag is Exchange exchange) exchange.OnClientClosed();
        else (stream.Tag as BridgedStream)?.OnClientClosed();
    }

    protected override void OnLeaving(int count) => Loop.Meter.SentOctets += count;

    // Clients that vanished without a word would hold their streams for ever; those that have none, their connections.
    protected override void OnTick()
    {
        var idleMs = Loop.Shared.Options.Limits.IdleTimeoutMs;
        if (Connection.StreamCount == 0 && idleMs > 0 && Loop.NowMs - _usedMs >= idleMs) Drain(MaxIdle);
        switch (_keepAlive.Look(Loop.NowMs, HeardMs, mayPing: true))
        {
            case KeepAliveStep.Ping: Connection.Ping(KeepAlivePing); break;
            case KeepAliveStep.GiveUp: Abort("no answer to a PING"); break;
            default: break;
        }
    }

    // The client closes it, as it alone knows whether it was about to use it. A balancer that stops has nowhere else to send it.
    protected override void OnDrained()
    {
        if (Loop.IsDraining)
        {
            base.OnDrained();
        }
        else if (_linger is null)
        {
            _linger = new LoopTimer(() => EndInOrder(null));
            Loop.Timers.Set(_linger, Loop.NowMs + Loop.Shared.Options.Limits.Http2.GoAwayLingerMs);
        }
    }

    protected override void OnOver()
    {
        if (_age is not null) Loop.Timers.Clear(_age);
        if (_linger is not null) Loop.Timers.Clear(_linger);
        Loop.Remove(this);
        _onOver();
    }

    // Does what the request's rule says.
    private void Route(Http2Stream stream, HeaderList headers, in RequestKind kind, bool isPost, bool isTraced, bool endStream)
    {
        var routes = _listener.Routes;
        var rule = routes.Only ?? routes.Choose(new RequestView(headers, Origin.Remote.Address, kind.IsGrpc));
        Loop.Meter.RuleEvaluations += rule.Position;
        if (!rule.IsForward)
        {
            Answer(stream, headers, kind, rule);
            return;
        }

        if (headers.Frozen is { } frozen && !isTraced && rule.Takes(kind, isPost))
        {
            var template = RequestTemplate.Make(headers, kind, routes, rule, Origin, Loop.Resources);
            frozen.Derived = template;
            Begin(stream, headers, template, endStream);
            return;
        }

        var route = rule.Route(headers, Loop.Random);
        if (!route.Group.TakesAnyHttp2 && route.Group.Group.WhyNot(cameAsHttp2: true, kind.IsGrpc, isPost) is { } reason)
        {
            Refuse(stream, headers, kind, GrpcStatus.Unimplemented, LocalReply.VersionMismatch, reason);
        }
        else if (route.Group.Group.Version == ProtocolVersion.Http1)
        {
            Bridge(stream, headers, kind, endStream, in route);
        }
        else
        {
            var exchange = Loop.NewExchange();
            stream.Tag = exchange;
            exchange.Begin(this, in route, stream, headers, kind, isTraced, endStream);
        }
    }

    private void Begin(Http2Stream stream, HeaderList headers, RequestTemplate template, bool endStream)
    {
        var route = template.Rule.Route(headers, Loop.Random);
        var exchange = Loop.NewExchange();
        stream.Tag = exchange;
        exchange.Begin(this, in route, stream, template, endStream);
    }

    private static bool IsHealth(ReadOnlySpan<byte> method, ReadOnlySpan<byte> path)
    {
        var page = "/health"u8;
        return path.StartsWith(page) && (path.Length == page.Length || path[page.Length] == (byte)'?') && (method.SequenceEqual("GET"u8) || method.SequenceEqual("HEAD"u8));
    }

    // The rule answers itself.
    private void Answer(Http2Stream stream, HeaderList headers, in RequestKind kind, ProxyRule rule)
    {
        var reply = RuleReply.Of(rule.Rule.Action, Origin.IsTls, headers);
        var notes = Loop.RefusalNotes;
        notes.Clear();
        reply.Write(Connection, stream, Loop.Resources.Outgoing, kind, notes);
        Report(headers, kind.IsGrpc, reply.GrpcStatus, reply.HttpStatus, reply.Location ?? reply.Body, ExchangeEnd.ByRule, rule.Rule, reply.Location);
        EndIfSent(stream);
    }

    // To targets of HTTP/1.1. What is octets here is one line among others there.
    private void Bridge(Http2Stream stream, HeaderList headers, in RequestKind kind, bool endStream, in CallRoute route)
    {
        var target = headers.Text(KnownHeader.Path)!;
        if (!RequestTarget.IsClean(target))
        {
            Refuse(stream, headers, kind, GrpcStatus.InvalidArgument, StatusCodes.Status400BadRequest, RequestTarget.NotClean);
            return;
        }

        var bridge = new BridgedStream(this, stream, headers);
        stream.Tag = bridge;
        bridge.Begin(in route, target, endStream);
    }

    private void Refuse(Http2Stream stream, HeaderList? headers, in RequestKind kind, GrpcStatus status, int httpStatus, string message)
    {
        var notes = Loop.RefusalNotes;
        notes.Clear();
        LocalReply.Write(Connection, stream, Loop.Resources.Outgoing, kind, status, httpStatus, message, notes);
        Report(headers, kind.IsGrpc, status, httpStatus, message);
        EndIfSent(stream);
    }

    private void Report(HeaderList? headers, bool isGrpc, GrpcStatus status, int httpStatus, string message, ExchangeEnd end = ExchangeEnd.Refused, Rule? rule = null, string? location = null)
    {
        Loop.RefusalNotes.OnLocalEnd(httpStatus, message);
        var report = new ExchangeReport
        {
            Client = Origin,
            Type = CallTypes.Of(isHttp2: true, isGrpc, Origin.IsTls),
            Request = headers,
            Rule = rule,
            Location = location,
            End = end,
            Notes = Loop.RefusalNotes,
            HttpStatus = isGrpc ? StatusCodes.Status200OK : httpStatus,
            GrpcStatus = isGrpc ? GrpcProtocol.TextOf(status) : null,
            StartedAt = Loop.Loop.Timestamp,
            EndedAt = Loop.Loop.Timestamp,
        };
        Loop.Meter.OnCall(in report);
        if (Loop.Shared.Log.IsEnabled) Loop.Shared.Log.Write(Loop.Meter.Slot, in report);
    }

    // The rest of a request that has its answer is not wanted (RFC 9113 section 8.1).
    private void EndIfSent(Http2Stream stream)
    {
        if (stream.State == StreamState.HalfClosedLocal) Connection.Reset(stream, Http2ErrorCode.NoError);
    }
}
