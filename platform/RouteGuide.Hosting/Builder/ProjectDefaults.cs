using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting;

/// <summary>What every project is given: the endpoints and variables of its launch profile, where to listen, certificate, telemetry.</summary>
internal static class ProjectDefaults
{
    public static IResourceBuilder<ProjectResource> Apply(IResourceBuilder<ProjectResource> project)
    {
        var (profileName, profile) = Profile(project);
        if (profile is not null) AddProfile(project, profileName!, profile);
        project.WithEnvironment(context => AddKestrel(project.Resource, context));
        return project.WithOtlpExporter();
    }

    private static (string? Name, LaunchProfile? Profile) Profile(IResourceBuilder<ProjectResource> project)
    {
        if (project.Resource.HasAnnotationOfType<ExcludeLaunchProfileAnnotation>()) return default;
        var metadata = project.Resource.GetProjectMetadata();
        var profiles = (metadata.LaunchSettings ?? LaunchSettings.Beside(metadata.ProjectPath))?.Profiles ?? [];
        if (project.Resource.TryGetLastAnnotation<LaunchProfileAnnotation>(out var chosen))
        {
            return profiles.TryGetValue(chosen.LaunchProfileName, out var named)
                ? (chosen.LaunchProfileName, named)
                : throw new DistributedApplicationException($"Project '{project.Resource.Name}' has no launch profile '{chosen.LaunchProfileName}'; it has {(profiles.Count == 0 ? "none" : string.Join(", ", profiles.Keys.Select(k => $"'{k}'")))}.");
        }

        // The app host's own profile comes first, so that "https" here means "https" there.
        if (project.ApplicationBuilder.Configuration["DOTNET_LAUNCH_PROFILE"] is { } own && profiles.TryGetValue(own, out var same) && IsProject(same)) return (own, same);
        var first = profiles.FirstOrDefault(p => IsProject(p.Value));
        return (first.Key, first.Value);

        static bool IsProject(LaunchProfile profile) => string.Equals(profile.CommandName, "Project", StringComparison.OrdinalIgnoreCase);
    }

    private static void AddProfile(IResourceBuilder<ProjectResource> project, string name, LaunchProfile profile)
    {
        foreach (var url in (profile.ApplicationUrl ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                throw new DistributedApplicationException($"The applicationUrl '{url}' in launch profile '{name}' of project '{project.Resource.Name}' is not an http or https url.");
            }

            project.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, uri.Scheme, name: UnusedName(project.Resource, uri.Scheme), port: uri.Port is > 0 ? uri.Port : null));
        }

        var arguments = CommandLineWords.Split(profile.CommandLineArgs ?? "");
        if (arguments.Count > 0) project.WithArgs([.. arguments]);
        project.WithEnvironment(context =>
        {
            foreach (var (key, value) in profile.EnvironmentVariables) context.EnvironmentVariables[key] = value;
            context.EnvironmentVariables["DOTNET_LAUNCH_PROFILE"] = name;
        });
    }

    private static string UnusedName(ProjectResource project, string scheme)
    {
        var taken = project.Annotations.OfType<EndpointAnnotation>().Select(e => e.Name).ToHashSet();
        return taken.Contains(scheme) ? Enumerable.Range(2, taken.Count + 1).Select(n => $"{scheme}{n}").First(n => !taken.Contains(n)) : scheme;
    }

    private static void AddKestrel(ProjectResource project, EnvironmentCallbackContext context)
    {
        var environment = context.EnvironmentVariables;
        environment["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
        var endpoints = project.GetEndpoints().Where(e => e.IsHttp || e.IsHttps).Where(e => project.EndpointsInEnvironment.All(filter => filter(e.EndpointAnnotation))).ToArray();
        if (endpoints.Length == 0) return;

        environment["ASPNETCORE_URLS"] = new EndpointUrls(endpoints);
        if (endpoints.FirstOrDefault(e => e.IsHttps) is not { } https) return;

        environment["ASPNETCORE_HTTPS_PORT"] = https.Property(EndpointProperty.Port);
        if (context.ExecutionContext.IsPublishMode) return;
        var certificate = context.ExecutionContext.ServiceProvider.GetRequiredService<DevelopmentCertificates>().Get();
        environment["Kestrel__Certificates__Default__Path"] = certificate.CertificatePath;
        environment["Kestrel__Certificates__Default__KeyPath"] = certificate.KeyPath;
    }

    /// <summary>Where a replica listens: <c>scheme://host:own port</c>, joined by semicolons.</summary>
    private sealed class EndpointUrls(IReadOnlyList<EndpointReference> endpoints) : IValueProvider
    {
        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => GetValueAsync(new ValueProviderContext(), cancellationToken);

        public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default)
        {
            var urls = new List<string>(endpoints.Count);
            foreach (var endpoint in endpoints)
            {
                var port = await endpoint.Property(EndpointProperty.TargetPort).GetValueAsync(context, cancellationToken).ConfigureAwait(false);
                urls.Add($"{endpoint.Scheme}://{endpoint.EndpointAnnotation.TargetHost}:{port}");
            }

            return string.Join(';', urls);
        }
    }
}

/// <summary>Splits a command line into words as a launch profile writes it: blanks separate, double quotes hold together, a backslash escapes a quote.</summary>
internal static class CommandLineWords
{
    public static List<string> Split(string line)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        bool quoted = false, begun = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '\\' && i + 1 < line.Length && line[i + 1] == '"')
            {
                word.Append('"');
                begun = true;
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
                begun = true;
            }
            else if (char.IsWhiteSpace(c) && !quoted)
            {
                if (begun) words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
            else
            {
                word.Append(c);
                begun = true;
            }
        }

        if (begun) words.Add(word.ToString());
        return words;
    }
}
