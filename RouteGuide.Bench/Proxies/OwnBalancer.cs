using System.Reflection;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Proxies;

/// <summary>RouteGuide.Balancer, all that is not set here as it comes.</summary>
/// <param name="assembly">The built program, or null for the one built with this.</param>
internal sealed class OwnBalancer(string? assembly = null) : ProxyKind
{
    private readonly string _assembly = assembly ?? Assembly;

    public override string Name => "routeguide";

    public override bool IsPeer => false;

    public override bool WarmsUp => true;

    public override string? Missing => File.Exists(_assembly) ? null : $"{_assembly} is not built";

    /// <summary>How this program, and so the balancer beside it, was built.</summary>
    public static string Configuration { get; } = Metadata("Configuration");

    // The version of the file is that of the source: 1.0.0+commit.
    public override Task<string> ReadVersion(CancellationToken cancellation)
    {
        var version = System.Diagnostics.FileVersionInfo.GetVersionInfo(_assembly).ProductVersion ?? "unknown";
        var plus = version.IndexOf('+');
        return Task.FromResult(plus >= 0 && version.Length > plus + 8 ? version[..(plus + 8)] : version);
    }

    public override async Task<RunningProxy> Start(ProxySetup setup, CancellationToken cancellation)
    {
        const string Calls = "Calls are taken on ";
        var environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "https://127.0.0.1:0",
            ["Kestrel__Certificates__Default__Path"] = setup.Certificate.CertificateFile,
            ["Kestrel__Certificates__Default__KeyPath"] = setup.Certificate.KeyFile,
            ["Balancer__Loops"] = Number(setup.Cpus.Count),
            // A process pinned to one core takes ten times longer to reach optimised code if it knows it.
            ["DOTNET_PROCESSOR_COUNT"] = Number(Math.Max(2, setup.Cpus.Count)),
        };
        for (var i = 0; i < setup.Backends.Count; i++) environment[$"Balancer__Targets__{i}"] = $"http://127.0.0.1:{setup.Backends[i]}";

        var settings = string.Join('\n', environment.Select(pair => $"{pair.Key}={pair.Value}")).Replace(setup.Folder + "/", "", StringComparison.Ordinal);
        for (var i = 0; i < setup.Backends.Count; i++) settings = settings.Replace(Number(setup.Backends[i]), $"TARGET{i + 1}", StringComparison.Ordinal);

        RemoveForeign(environment);
        var process = ManagedProcess.Start(setup.Guard, setup.Cpus, "dotnet", ["exec", _assembly], environment);
        try
        {
            var url = await process.WaitForLine(Calls, StartPatience, cancellation);
            return new RunningProxy(this, new Uri(url.Trim()), process, $"dotnet exec RouteGuide.Balancer.dll ({Configuration} build), with\n\n{settings}\n");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the one who measures has set for other programs is not for this one.</summary>
    public static void RemoveForeign(Dictionary<string, string?> environment)
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("Balancer__", StringComparison.Ordinal) || name.StartsWith("Logging__", StringComparison.Ordinal)) environment.TryAdd(name, null);
        }
    }

    /// <summary>The built program.</summary>
    public static string Assembly => Metadata("BalancerAssembly");

    private static string Metadata(string key) => typeof(OwnBalancer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
