using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>
/// A line for each call, written beside the calls' way: the loops put what they know into rings of their own (<see cref="LogRing"/>), and
/// one thread makes lines of it. When that thread cannot keep up, or the disk is full, lines are lost and counted; calls never wait.
/// </summary>
internal sealed partial class AccessLog : IExchangeLog, IDisposable
{
    private const int BatchOctets = 48 * 1024;

    // Lines are seen by people after this; a ring of default size holds as many calls as a core can carry in it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(2);

    private readonly ILogger<AccessLog> _logger;
    private readonly TimeProvider _time;
    private readonly LineFormat _format;
    private readonly Func<string?, LogFile> _open;
    private readonly Func<LogRing> _newRing;
    private readonly LineBuffer _lines = new();
    private readonly RecordReader _read;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private readonly Lock _changing = new();
    private LogRing?[] _rings = [];
    private AccessLogSettings _settings;
    private LogFile? _file;
    private int _batched; // lines in _lines
    private long _written;
    private long _notWritten; // lines that the file did not take
    private long _told; // lost lines that the log itself has told of
    private long _lookedAt;
    private bool _failed; // in this round, so that the rest of it is not tried
    private bool _wasFailing; // and it was said
    private volatile bool _enabled;
    private volatile bool _stopping;

    /// <param name="name">Of the balancer, as the log's third field has it.</param>
    /// <param name="settings">To begin with.</param>
    /// <param name="time">For times of day.</param>
    /// <param name="logger">Is told when lines cannot be written.</param>
    /// <param name="open">Opens a path.</param>
    /// <param name="newRing">Makes a loop's ring.</param>
    public AccessLog(string name, AccessLogSettings settings, TimeProvider time, ILogger<AccessLog> logger, Func<string?, LogFile>? open = null, Func<LogRing>? newRing = null)
    {
        (_settings, _time, _logger) = (settings, time, logger);
        _format = new LineFormat(name, time);
        _open = open ?? (path => new LogFile(path));
        _newRing = newRing ?? (() => new LogRing());
        _read = Format;
        _lookedAt = time.GetTimestamp();
        _thread = new Thread(Run) { IsBackground = true, Name = "access log" };
        Apply(settings);
    }

    public bool IsEnabled => _enabled;

    /// <summary>Lines that were written.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Calls that have no line: there was no room for them, or the file did not take it.</summary>
    public long Lost
    {
        get
        {
            var lost = Interlocked.Read(ref _notWritten);
            foreach (var ring in Volatile.Read(ref _rings)) lost += ring?.Lost ?? 0;
            return lost;
        }
    }

    /// <summary>Takes other settings from now on.</summary>
    public void Apply(AccessLogSettings settings)
    {
        lock (_changing)
        {
            Volatile.Write(ref _settings, settings);
            _enabled = settings.Enabled && !_stopping;
            if (_enabled && !_thread.IsAlive) _thread.Start();
        }
    }

    public void Write(int slot, in ExchangeReport report)
    {
        if (!_enabled) return;
        var rings = _rings;
        var ring = slot < rings.Length && rings[slot] is { } made ? made : Make(slot);
        if (slot == 0)
        {
            // Those without a loop share one.
            lock (ring) ring.TryWrite(in report);
        }
        else
        {
            ring.TryWrite(in report);
        }

        if (ring.IsHalfFull) _wake.Set();
    }

    /// <summary>Writes what is there and ends the thread. A file that takes nothing is not waited for.</summary>
    public void Dispose()
    {
        lock (_changing)
        {
            if (_stopping) return;
            _stopping = true;
            _enabled = false;
        }

        _wake.Set();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) || !_thread.Join(PatienceAtEnd)) return;
        _wake.Dispose();
        _file?.Dispose();
    }

    private LogRing Make(int slot)
    {
        lock (_changing)
        {
            if (slot < _rings.Length && _rings[slot] is { } made) return made;
            var ring = _newRing();
            var rings = new LogRing?[Math.Max(_rings.Length, slot + 1)];
            _rings.CopyTo(rings, 0);
            rings[slot] = ring;
            Volatile.Write(ref _rings, rings);
            return ring;
        }
    }

    private void Run()
    {
        string? path = null;
        while (true)
        {
            var isLast = _stopping;
            var settings = Volatile.Read(ref _settings);
            if (_file is null || settings.Path != path)
            {
                _file?.Dispose();
                path = settings.Path;
                _file = _open(path);
            }

            Look();
            Drain();
            if (isLast) return;
            _wake.WaitOne(Pause);
        }
    }

    private void Look()
    {
        if (_time.GetElapsedTime(_lookedAt) < LookEvery) return;
        _lookedAt = _time.GetTimestamp();
        _file!.Look();
    }

    private void Drain()
    {
        _format.BeginBatch();
        foreach (var ring in Volatile.Read(ref _rings)) ring?.Read(_read);
        if (Lost is var lost && lost > _told && !_failed)
        {
            _format.WriteLost(_lines, _settings.Format, lost - _told);
            _told = lost;
        }

        Flush();
        _failed = false;
    }

    private void Format(in AccessRecord record, ReadOnlySpan<byte> texts)
    {
        _format.Write(_lines, _settings.Format, in record, texts);
        _batched++;
        if (_lines.Length >= BatchOctets) Flush();
    }

    private void Flush()
    {
        if (_lines.Length == 0) return;
        try
        {
            if (_failed) throw new IOException("the last lines could not be written");
            _file!.Write(_lines.Memory);
            Interlocked.Add(ref _written, _batched);
            if (_wasFailing) Works();
            _wasFailing = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Interlocked.Add(ref _notWritten, _batched);
            if (!_wasFailing) Fails(_settings.Path ?? "standard output", e.Message);
            _failed = _wasFailing = true;
        }

        _lines.Clear();
        _batched = 0;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The access log cannot be written to {Path}; lines are lost until it can: {Reason}")]
    private partial void Fails(string path, string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "The access log is written again")]
    private partial void Works();
}
