using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Configuration;

/// <summary>
/// <c>balancer.json</c> as a source of the configuration: above appsettings.json, below the environment and the command line. What it
/// holds is exchanged only for something that was read and checked whole, so that a mistake in it harms nobody.
/// </summary>
internal sealed class ConfigurationFile : ConfigurationProvider, IConfigurationSource
{
    /// <summary>Its name, if no setting says otherwise.</summary>
    public const string DefaultName = "balancer.json";

    private const string Setting = $"{BalancerConfiguration.Key}:{nameof(BalancerConfiguration.ConfigurationFile)}";

    // What may stand in it; a section at the wrong place would be one that silently does nothing.
    private static readonly string[] Sections = ["$schema", BalancerConfiguration.Key, "Kestrel", "Logging"];

    private readonly IConfigurationRoot _configuration;

    private ConfigurationFile(NamedFile file, IConfigurationRoot configuration)
    {
        File = file;
        _configuration = configuration;
        Data = Parse(file.Path, Content(file));
    }

    /// <summary>Where it is.</summary>
    public NamedFile File { get; }

    /// <summary>Adds the file to a configuration, if there is one.</summary>
    /// <param name="configuration">Has all other sources already.</param>
    /// <param name="folders">Where a file of the default name is looked for, in this order.</param>
    /// <returns>Null if no setting names a file and none of the default name exists.</returns>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public static ConfigurationFile? Add(ConfigurationManager configuration, params IEnumerable<string> folders)
    {
        var path = configuration[Setting] is { Length: > 0 } named ? Path.GetFullPath(named) : folders.Select(f => Path.Combine(f, DefaultName)).FirstOrDefault(System.IO.File.Exists);
        if (path is null) return null;
        var file = new ConfigurationFile(new NamedFile(Setting, path), configuration);
        var sources = ((IConfigurationBuilder)configuration).Sources;
        var environment = sources.ToList().FindIndex(s => s is EnvironmentVariablesConfigurationSource { Prefix: null or "" });
        sources.Insert(environment < 0 ? sources.Count : environment, file);
        return file;
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>The whole configuration, as it would be with other content in this file.</summary>
    /// <exception cref="ConfigurationException">It is no JSON, or has sections that it may not have.</exception>
    public Candidate With(byte[] content)
    {
        var data = Parse(File.Path, content);
        var inMemory = new MemoryConfigurationProvider(new MemoryConfigurationSource { InitialData = data });
        return new Candidate(data, new ConfigurationRoot([.. _configuration.Providers.Select(p => p == this ? inMemory : p)]));
    }

    /// <summary>Puts what was found good in the place of what was there.</summary>
    public void Accept(Candidate candidate)
    {
        Data = candidate.Data;
        OnReload();
    }

    private static byte[] Content(NamedFile file)
    {
        try
        {
            return System.IO.File.ReadAllBytes(file.Path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"{file.Setting}: there is no file '{file.Path}'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{file.Setting}: '{file.Path}' cannot be read: {ServiceProgram.OneLine(e.Message)}", e);
        }
    }

    private static Dictionary<string, string?> Parse(string path, byte[] content)
    {
        // Editors of one system begin files with a mark that JSON does not know.
        var text = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        IConfigurationRoot parsed;
        try
        {
            using var stream = new MemoryStream(text);
            parsed = new ConfigurationBuilder().AddJsonStream(stream).Build();
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new ConfigurationException($"{path}: is not the JSON of a configuration: {ServiceProgram.OneLine((e.InnerException ?? e).Message)}", e);
        }

        foreach (var section in parsed.GetChildren())
        {
            if (!Sections.Contains(section.Key, StringComparer.OrdinalIgnoreCase)) throw new ConfigurationException($"{path}: there is no section '{section.Key}'; expected {BalancerConfiguration.Key}, Kestrel or Logging.");
        }

        // An object without anything in it has no value either, but it is there: a group with nothing but defaults.
        return parsed.AsEnumerable().Where(pair => pair.Value is not null || !parsed.GetSection(pair.Key).GetChildren().Any()).ToDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>A configuration that is not in force yet.</summary>
    /// <param name="Data">What the file says.</param>
    /// <param name="Configuration">All sources together.</param>
    internal sealed record Candidate(Dictionary<string, string?> Data, IConfiguration Configuration);
}
