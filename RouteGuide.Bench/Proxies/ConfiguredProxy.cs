using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Proxies;

/// <summary>A proxy of the distribution: a program, a package, a configuration file.</summary>
internal abstract class ConfiguredProxy(string program, string package) : ProxyKind
{
    public override string Name => program;

    public override string? Missing => Programs.Find(program) is null ? $"{program} is not installed; on Debian: apt-get install {package}" : null;

    protected string Program => Programs.Require(program, package);

    public override async Task<RunningProxy> Start(ProxySetup setup, CancellationToken cancellation)
    {
        var port = FreePort();
        var file = Path.Combine(setup.Folder, $"{program}.conf");
        var text = Configuration(setup, port);
        await File.WriteAllTextAsync(file, text, cancellation);
        string[] arguments = [.. Arguments(file)];
        var process = ManagedProcess.Start(setup.Guard, setup.Cpus, Program, arguments);
        try
        {
            await process.Until(() => Accepts(port), $"{program} accepts connections", StartPatience, cancellation);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        // The report names neither this run's folder nor its ports.
        var settings = $"{program} {string.Join(' ', arguments)}\n\n{text}".Replace(setup.Folder + "/", "", StringComparison.Ordinal).Replace(setup.Folder, ".", StringComparison.Ordinal).Replace(Number(port), "FRONT", StringComparison.Ordinal);
        for (var i = 0; i < setup.Backends.Count; i++) settings = settings.Replace(Number(setup.Backends[i]), $"TARGET{i + 1}", StringComparison.Ordinal);
        return new RunningProxy(this, new Uri($"https://127.0.0.1:{port}"), process, settings);
    }

    protected abstract IEnumerable<string> Arguments(string file);

    protected abstract string Configuration(ProxySetup setup, int port);
}
