using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Balancer;

/// <summary>
/// Puts balancer.json to use when it changes. It is looked at like the files of certificates: it counts when it has stayed the same for one
/// interval, and what cannot be used leaves everything as it is.
/// </summary>
internal sealed class ConfigurationWatch : IAsyncDisposable
{
    private readonly ConfigurationFile _file;
    private readonly IConfiguration _running;
    private readonly Action<BalancerSettings> _apply;
    private readonly ILogger _logger;
    private readonly ReloadedFiles<Loaded> _loaded;
    private readonly FileWatch _watch;

    /// <param name="file">What is watched.</param>
    /// <param name="running">The configuration in force, which has the file as a source.</param>
    /// <param name="interval">Between two looks.</param>
    /// <param name="apply">Gets what was found good. It has to leave running calls alone.</param>
    /// <param name="logger">Is told what has come of a change.</param>
    public ConfigurationWatch(ConfigurationFile file, IConfiguration running, TimeSpan interval, Action<BalancerSettings> apply, ILogger logger)
    {
        _file = file;
        _running = running;
        _apply = apply;
        _logger = logger;
        _loaded = new ReloadedFiles<Loaded>([file.File], (contents, _) => Check(contents[0]));
        _watch = new FileWatch([_loaded], interval, Apply, TimeProvider.System, logger) { News = "its new content counts from the next call on" };
    }

    public ValueTask DisposeAsync() => _watch.DisposeAsync();

    private Loaded Check(byte[] content)
    {
        var candidate = _file.With(content);
        return new Loaded(candidate, BalancerSettings.Read(candidate.Configuration));
    }

    private void Apply()
    {
        var (candidate, settings) = _loaded.Current;
        foreach (var name in RestartNeeds.Between(_running, candidate.Configuration)) _logger.LogWarning("{Setting} was changed; it counts from the next start on", name);
        try
        {
            _apply(settings);
            _file.Accept(candidate);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // Such as a listener's address that somebody else has taken meanwhile.
            _logger.LogError(e, "The new configuration could not be put to use");
        }
    }

    private sealed record Loaded(ConfigurationFile.Candidate Candidate, BalancerSettings Settings);
}
