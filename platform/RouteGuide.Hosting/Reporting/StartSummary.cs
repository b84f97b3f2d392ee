using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Execution;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Reporting;

/// <summary>Says once, when nothing has to become healthy any more, what runs where.</summary>
internal sealed class StartSummary(DistributedApplicationModel model, ConsoleReporter console, DevelopmentCertificates certificates, TimeProvider time)
{
    private readonly long _begun = time.GetTimestamp();
    private bool _said;

    /// <summary>Says it if the time has come.</summary>
    /// <param name="known">What is known about an instance.</param>
    public void Consider(Func<string, CustomResourceSnapshot?> known)
    {
        if (_said) return;
        var resources = model.Resources.Where(r => ResourceRunner.CanRun(r) && !r.IsHidden()).ToArray();
        if (resources.Length == 0 || !resources.All(r => IsAtRest(r, known))) return;
        _said = true;
        var (rows, allWell) = (new List<(string Name, string State, string Address)> { ("Resource", "State", "Address") }, true);
        foreach (var resource in resources)
        {
            var instances = resource.GetInstanceNames().Select(known).OfType<CustomResourceSnapshot>().ToArray();
            var states = instances.Select(State).GroupBy(s => s).Select(g => instances.Length == 1 ? g.Key : $"{g.Count()} {g.Key}");
            rows.Add((resource.Name, string.Join(", ", states), string.Join("  ", Addresses(instances))));
            allWell &= !instances.Any(HasFailed);
        }

        var seconds = time.GetElapsedTime(_begun).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        console.Say(Table(allWell ? $"Everything is healthy after {seconds} s. What runs where:" : $"Not everything could start. What runs where after {seconds} s:", rows));
        if (resources.Any(r => r.Annotations.OfType<EndpointAnnotation>().Any(e => e.UriScheme == Uri.UriSchemeHttps))) _ = Task.Run(SayHint);
    }

    /// <summary>What waits for others and has no health of its own to wait for starts by itself once they are there: it is not waited for here.</summary>
    private static bool IsAtRest(IResource resource, Func<string, CustomResourceSnapshot?> known) => resource.GetInstanceNames().Select(known).All(snapshot =>
        snapshot?.State?.Text is { } state
        && (snapshot.HealthStatus == HealthStatus.Healthy
            || state == KnownResourceStates.NotStarted
            || state == KnownResourceStates.Active
            || KnownResourceStates.TerminalStates.Contains(state)
            || (!resource.HasAnnotationOfType<HealthCheckAnnotation>() && resource.Annotations.OfType<WaitAnnotation>().ToArray() is { Length: > 0 } waits && waits.All(w => IsAtRest(w.Resource, known)))));

    private static string State(CustomResourceSnapshot snapshot)
    {
        if (snapshot.HealthStatus == HealthStatus.Healthy) return "healthy";
        var state = snapshot.State!.Text;
        if (KnownResourceStates.TerminalStates.Contains(state) && snapshot.ExitCode is { } code) return $"{state} ({code})";
        return state == KnownResourceStates.NotStarted ? "starts when it is told to" : KnownResourceStates.TerminalStates.Contains(state) ? state : "starts now";
    }

    private static bool HasFailed(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text is { } state && (state == KnownResourceStates.FailedToStart || (state == KnownResourceStates.Exited && !snapshot.IsStoppedOnDemand));

    /// <summary>The addresses that are meant for people: of endpoints that are named http or https or have a text, else the first.</summary>
    private static IEnumerable<string> Addresses(CustomResourceSnapshot[] instances)
    {
        var urls = instances.FirstOrDefault()?.Urls.Where(u => !u.IsInternal).ToArray() ?? [];
        var chosen = urls.Where(u => u.Name is "http" or "https" || u.DisplayProperties.DisplayName.Length > 0).ToArray();
        return (chosen.Length > 0 ? chosen : [.. urls.Take(1)]).Select(u => u.Url);
    }

    private static string Table(string title, IReadOnlyList<(string Name, string State, string Address)> rows)
    {
        var (first, second) = (rows.Max(r => r.Name.Length), rows.Max(r => r.State.Length));
        var text = new StringBuilder(title);
        foreach (var (name, state, address) in rows) text.Append("\n  ").Append($"{name.PadRight(first)}  {state.PadRight(second)}  {address}".TrimEnd());
        return text.ToString();
    }

    private void SayHint()
    {
        try
        {
            if (TrustHint.For(certificates.Get()) is { } hint) console.Say(hint);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            console.Say($"Whether this machine trusts the development certificate could not be found out: {fault.Message}");
        }
    }
}
