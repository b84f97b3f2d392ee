namespace Grpc.AspNetCore.HealthChecks;

/// <summary>Which of the application's health checks decide about a gRPC service.</summary>
public sealed class ServiceMapping
{
    /// <summary>Creates a mapping.</summary>
    /// <param name="name">The service's full name; empty for the server as a whole.</param>
    /// <param name="predicate">Whether a health check decides about it.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public ServiceMapping(string name, Func<HealthCheckMapContext, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(predicate);
        Name = name;
        HealthCheckPredicate = predicate;
    }

    /// <summary>The service's full name; empty for the server as a whole.</summary>
    public string Name { get; }

    /// <summary>Whether a health check decides about it.</summary>
    public Func<HealthCheckMapContext, bool>? HealthCheckPredicate { get; }
}

/// <summary>A health check of the application, as a <see cref="ServiceMapping"/> is asked about it.</summary>
public sealed class HealthCheckMapContext
{
    /// <summary>Creates a context.</summary>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">The check's tags.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public HealthCheckMapContext(string name, IEnumerable<string> tags)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(tags);
        Name = name;
        Tags = tags;
    }

    /// <summary>The check's name.</summary>
    public string Name { get; }

    /// <summary>The check's tags.</summary>
    public IEnumerable<string> Tags { get; }
}
