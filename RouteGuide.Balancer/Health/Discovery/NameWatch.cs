using System.Net.Sockets;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport.Naming;

namespace RouteGuide.Balancer.Health.Discovery;

/// <summary>
/// Asks again and again what a name stands for: each address is a target, which comes and goes with the answer. While there is none, or
/// an empty one, the last targets stay, but not for ever.
/// </summary>
internal sealed class NameWatch : IDisposable
{
    private readonly NamedTargets _name;
    private readonly KeeperSettings _settings;
    private readonly TargetMembers _members;
    private readonly INameService _service;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _telling = new();
    private readonly ITimer _timer;
    private long _answeredAt;
    private bool _isFailing;
    private bool _isEmptied;
    private bool _ended;

    /// <param name="name">What is asked for.</param>
    /// <param name="settings">Of the group: port and security.</param>
    /// <param name="members">Are told.</param>
    /// <param name="service">Answers.</param>
    /// <param name="time">For the distances.</param>
    /// <param name="logger">Is told when there is no answer, and when there is again.</param>
    public NameWatch(NamedTargets name, KeeperSettings settings, TargetMembers members, INameService service, TimeProvider time, ILogger logger)
    {
        (_name, _settings, _members, _service, _time, _logger) = (name, settings, members, service, time, logger);
        _answeredAt = time.GetTimestamp();
        _timer = time.CreateTimer(static w => _ = ((NameWatch)w!).Ask(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What its targets are known by among the members.</summary>
    public static string SourceOf(NamedTargets name) => $"{name} {name.Port}";

    /// <summary>The first question is due.</summary>
    public void Start() => _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    /// <summary>The members hear nothing more from it; its targets stay.</summary>
    public void Dispose()
    {
        lock (_telling)
        {
            if (_ended) return;
            _ended = true;
        }

        _timer.Dispose();
        _ending.Cancel();
    }

    private async Task Ask()
    {
        string? why;
        IReadOnlyList<NamedAddress> found = [];
        try
        {
            found = await _service.Find(_name.Name, _name.Type, _ending.Token).ConfigureAwait(false);
            why = found.Count == 0 ? "the answer is empty" : null;
        }
        catch (Exception e) when (e is DnsException or SocketException or OperationCanceledException)
        {
            why = e.Message;
        }
        catch (Exception e)
        {
            // Whatever it is must not end the questions for good.
            _logger.LogError(e, "The question for {Name} failed for a reason of our own", _name);
            why = e.Message;
        }

        lock (_telling)
        {
            if (_ended) return;
            if (why is null) OnAnswer(found);
            else OnNone(why);
            _timer.Change(_name.Interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnAnswer(IReadOnlyList<NamedAddress> found)
    {
        _answeredAt = _time.GetTimestamp();
        if (_isFailing) _logger.LogInformation("{Name} has an answer again: {Count} targets", _name, found.Count);
        _isFailing = _isEmptied = false;
        var specs = found.Select(SpecOf).OfType<TargetSpec>().DistinctBy(s => s.Address).Take(TargetMembers.MaxTargets).ToList();
        var left = _members.Set(SourceOf(_name), specs);
        if (left.Count > 0) _logger.LogWarning("{Name} stands for more targets than there is room for: {Count} are left out, {Target} first", _name, left.Count, left[0].Address);
    }

    private void OnNone(string why)
    {
        if (!_isFailing) _logger.LogWarning("{Name} has no answer, its last targets are kept for {Keep} s: {Reason}", _name, _name.Keep.TotalSeconds, why);
        _isFailing = true;
        if (_isEmptied || _time.GetElapsedTime(_answeredAt) < _name.Keep) return;
        _isEmptied = true;
        _logger.LogError("{Name} has had no answer for {Keep} s, its targets are given up: {Reason}", _name, _name.Keep.TotalSeconds, why);
        _members.Set(SourceOf(_name), []);
    }

    private TargetSpec? SpecOf(NamedAddress found)
    {
        var port = found.Port > 0 ? found.Port : _name.Port ?? _settings.Port ?? 0;
        var host = found.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{found.Address}]" : found.Address.ToString();
        // An answer may say 0.0.0.0, where nothing can be reached.
        return TargetAddress.TryParse($"{(_settings.IsTls ? "https" : "http")}://{host}:{port}", out var address, out _)
            ? new TargetSpec(_settings.IsTls ? address with { ServerName = found.Host } : address, found.Weight > 0 ? found.Weight : _name.Weight)
            : null;
    }
}
