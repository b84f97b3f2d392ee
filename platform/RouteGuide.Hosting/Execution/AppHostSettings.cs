using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Execution;

/// <summary>What can be set about the app host itself, in the section <c>AppHost</c> of its configuration.</summary>
internal sealed record AppHostSettings
{
    /// <summary><c>AppHost:StopTimeout</c>: between asking a process to end and ending it.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary><c>AppHost:DrainTimeout</c>: the same for a replica that goes because fewer are wanted; it may be at long calls.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>AppHost:PortTimeout</c>: how long a port that is in use is waited for at start; it may be that of an app host that is just ending.</summary>
    public TimeSpan PortTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>--exit-when</c>: the resource whose end ends the application.</summary>
    public string? ExitWhen { get; init; }

    /// <summary>Whether endpoints get free ports instead of those that were asked for.</summary>
    public bool RandomizePorts { get; init; }

    /// <summary>What is wrong with the command line; null for nothing.</summary>
    public string? WrongArgument { get; init; }

    public static AppHostSettings From(IConfiguration configuration, AppHostArguments arguments, bool isTest = false) => new()
    {
        StopTimeout = Time(configuration, "AppHost:StopTimeout", new AppHostSettings().StopTimeout),
        DrainTimeout = Time(configuration, "AppHost:DrainTimeout", new AppHostSettings().DrainTimeout),
        PortTimeout = Time(configuration, "AppHost:PortTimeout", new AppHostSettings().PortTimeout),
        ExitWhen = arguments.ExitWhen,
        RandomizePorts = configuration[TestingDefaults.RandomizePortsKey] is { Length: > 0 } said ? string.Equals(said, "true", StringComparison.OrdinalIgnoreCase) : isTest,
        WrongArgument = arguments.Wrong,
    };

    private static TimeSpan Time(IConfiguration configuration, string key, TimeSpan otherwise)
    {
        if (configuration[key] is not { Length: > 0 } text) return otherwise;
        return TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var time) && time >= TimeSpan.Zero && time <= TimeSpan.FromMinutes(10)
            ? time
            : throw new DistributedApplicationException($"The configuration '{key}' is '{text}': it must be a time from 00:00:00 to 00:10:00.");
    }
}
