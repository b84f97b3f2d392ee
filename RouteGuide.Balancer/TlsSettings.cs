using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>A certificate of the fronts as configured.</summary>
/// <param name="Files">Where it is.</param>
/// <param name="Hosts">Names that it is for whatever it says itself.</param>
internal sealed record CertificateSettings(CertificateFiles Files, IReadOnlyList<string> Hosts);

/// <summary>Certificates, and what is asked of those of others, checked as far as it goes without reading the files.</summary>
internal sealed record TlsSettings
{
    public const string DefaultKey = "Kestrel:Certificates:Default";
    public const string CertificatesKey = "Balancer:Certificates";
    public const string ClientsKey = "Balancer:ClientCertificates";
    public const string TargetsKey = "Balancer:TargetTls";

    private static readonly string[] FileKeys = ["Path", "KeyPath", "Password"];

    /// <summary>For clients that name no host, or one that no certificate is for; null if none is configured.</summary>
    public CertificateFiles? Default { get; init; }

    /// <summary>In the order of their names in the configuration.</summary>
    public IReadOnlyList<CertificateSettings> Named { get; init; } = [];

    public ClientCertificateMode ClientMode { get; init; }

    /// <summary>Who vouches for clients; null unless they are verified.</summary>
    public NamedFile? ClientTrust { get; init; }

    public bool IgnoreClientExpiry { get; init; }

    /// <summary>Targets' certificates are judged.</summary>
    public bool VerifyTargets { get; init; }

    /// <summary>Who vouches for targets; null for those that the system trusts.</summary>
    public NamedFile? TargetTrust { get; init; }

    /// <summary>What targets have to prove to be; null for the host of their address.</summary>
    public string? TargetServerName { get; init; }

    /// <summary>What the balancer shows to targets; null for nothing.</summary>
    public CertificateFiles? TargetCertificate { get; init; }

    /// <summary>Between two looks at the files. 10 ms to 1 hour, 1 s by default.</summary>
    public TimeSpan ReloadInterval { get; init; }

    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static TlsSettings Read(IConfiguration configuration)
    {
        var clients = configuration.GetSection(ClientsKey);
        RequireKnown(clients, "Mode", "TrustStorePath", "IgnoreExpiry");
        var targets = configuration.GetSection(TargetsKey);
        RequireKnown(targets, "Verify", "TrustStorePath", "ServerName", "Certificate");
        RequireKnown(targets.GetSection("Certificate"), FileKeys);
        var verify = ReadSwitch(targets, "Verify", true);
        var mode = ReadMode(clients);
        return new TlsSettings
        {
            Default = ReadFiles(configuration.GetSection(DefaultKey)),
            Named = ReadNamed(configuration.GetSection(CertificatesKey)),
            ClientMode = mode,
            ClientTrust = ReadTrust(clients, mode),
            IgnoreClientExpiry = ReadSwitch(clients, "IgnoreExpiry", false),
            VerifyTargets = verify,
            TargetTrust = ReadTargetTrust(targets, verify),
            TargetServerName = ReadServerName(targets),
            TargetCertificate = ReadFiles(targets.GetSection("Certificate")),
        };
    }

    private static CertificateFiles? ReadFiles(IConfigurationSection section) =>
        section["Path"] is { Length: > 0 } path ? new CertificateFiles(section.Path, path, TextOrNull(section["KeyPath"]), TextOrNull(section["Password"])) : null;

    /// <summary>What TLS to targets needs.</summary>
    /// <exception cref="ConfigurationException">A file cannot be used.</exception>
    public TargetTls LoadTargetTls(TimeProvider time) => new()
    {
        Verify = VerifyTargets,
        Trust = TargetTrust is { } trust ? TrustStore.Load(trust) : null,
        Certificate = TargetCertificate?.Load(time),
        ServerName = TargetServerName,
    };

    private static List<CertificateSettings> ReadNamed(IConfigurationSection list)
    {
        var all = new List<CertificateSettings>();
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var section in list.GetChildren())
        {
            RequireKnown(section, [.. FileKeys, "Hosts"]);
            var files = ReadFiles(section) ?? throw new ConfigurationException($"{section.Path}:Path: no file is named; expected a certificate.");
            var hosts = new List<string>();
            foreach (var host in section.GetSection("Hosts").GetChildren())
            {
                if (!IsHost(host.Value)) throw new ConfigurationException(host.Path, host.Value, "a host name, or a wildcard such as *.example.com");
                if (!taken.TryAdd(host.Value!, host.Path)) throw new ConfigurationException($"{host.Path}: '{host.Value}' stands in {taken[host.Value!]} already.");
                hosts.Add(host.Value!);
            }

            all.Add(new CertificateSettings(files, hosts));
        }

        return all;
    }

    private static ClientCertificateMode ReadMode(IConfigurationSection section)
    {
        var text = section["Mode"];
        if (string.IsNullOrEmpty(text)) return ClientCertificateMode.Off;
        // Enum.TryParse takes numbers too.
        return !char.IsAsciiDigit(text[0]) && Enum.TryParse<ClientCertificateMode>(text, ignoreCase: true, out var mode) ? mode : throw new ConfigurationException($"{section.Path}:Mode", text, "off, passthrough or verify");
    }

    private static NamedFile? ReadTrust(IConfigurationSection section, ClientCertificateMode mode)
    {
        var setting = $"{section.Path}:TrustStorePath";
        var path = TextOrNull(section["TrustStorePath"]);
        if (mode == ClientCertificateMode.Verify) return path is not null ? new NamedFile(setting, path) : throw new ConfigurationException($"{setting}: no file is named; to verify clients takes the certificates of those who vouch for them.");
        // Whoever names one believes that clients are checked.
        return path is null ? null : throw new ConfigurationException($"{setting}: '{path}' is of no use unless {section.Path}:Mode is verify.");
    }

    private static NamedFile? ReadTargetTrust(IConfigurationSection section, bool verify)
    {
        var setting = $"{section.Path}:TrustStorePath";
        var path = TextOrNull(section["TrustStorePath"]);
        if (path is not null && !verify) throw new ConfigurationException($"{setting}: '{path}' is of no use while {section.Path}:Verify is false.");
        return path is null ? null : new NamedFile(setting, path);
    }

    private static string? ReadServerName(IConfigurationSection section)
    {
        var name = TextOrNull(section["ServerName"]);
        if (name is not null && Uri.CheckHostName(name) == UriHostNameType.Unknown) throw new ConfigurationException($"{section.Path}:ServerName", name, "a host name");
        return name;
    }

    private static bool ReadSwitch(IConfigurationSection section, string name, bool byDefault) => section[name] switch
    {
        null or "" => byDefault,
        var text when bool.TryParse(text, out var value) => value,
        var text => throw new ConfigurationException($"{section.Path}:{name}", text, "true or false"),
    };

    private static bool IsHost(string? text) =>
        text is { Length: > 0 and <= 253 } && Uri.CheckHostName(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) == UriHostNameType.Dns;

    // A misspelt setting would be a setting that silently does nothing.
    private static void RequireKnown(IConfigurationSection section, params string[] known)
    {
        foreach (var child in section.GetChildren())
        {
            if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) throw new ConfigurationException($"{child.Path}: there is no such setting; expected {string.Join(" or ", known)}.");
        }
    }

    private static string? TextOrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
