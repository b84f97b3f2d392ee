using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A reference to an endpoint of a resource; its value is the endpoint's url.</summary>
[DebuggerDisplay("{Resource.Name}/{EndpointName}")]
public sealed class EndpointReference : IExpressionValue, IValueWithReferences
{
    private EndpointAnnotation? _endpoint;

    /// <param name="owner">The resource.</param>
    /// <param name="endpointName">The endpoint's name; it may be added to the resource later.</param>
    public EndpointReference(IResourceWithEndpoints owner, string endpointName)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(endpointName);
        Resource = owner;
        EndpointName = endpointName;
    }

    /// <param name="owner">The resource.</param>
    /// <param name="endpoint">The endpoint.</param>
    public EndpointReference(IResourceWithEndpoints owner, EndpointAnnotation endpoint)
        : this(owner, endpoint.Name) => _endpoint = endpoint;

    /// <summary>The resource.</summary>
    public IResourceWithEndpoints Resource { get; }

    /// <summary>The endpoint's name.</summary>
    public string EndpointName { get; }

    /// <summary>What to say instead of the usual words when the endpoint does not exist.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>The endpoint.</summary>
    /// <exception cref="InvalidOperationException">The resource has no endpoint of that name.</exception>
    public EndpointAnnotation EndpointAnnotation => Find() ?? throw new InvalidOperationException(ErrorMessage ?? Missing());

    /// <summary>Whether the resource has an endpoint of that name.</summary>
    public bool Exists => Find() is not null;

    /// <summary>Whether the endpoint has an address by now.</summary>
    public bool IsAllocated => Find()?.AllocatedEndpoint is not null;

    /// <summary>Whether references to the whole resource leave it out.</summary>
    public bool ExcludeReferenceEndpoint => Find()?.ExcludeReferenceEndpoint ?? false;

    /// <summary>The scheme.</summary>
    public string Scheme => EndpointAnnotation.UriScheme;

    /// <summary>Whether the scheme is http.</summary>
    public bool IsHttp => string.Equals(Scheme, "http", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the scheme is https.</summary>
    public bool IsHttps => string.Equals(Scheme, "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the endpoint is named after its scheme, http or https: those are found by their scheme alone.</summary>
    public bool IsHttpSchemeNamedEndpoint => (IsHttp || IsHttps) && string.Equals(EndpointName, Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it speaks TLS.</summary>
    public bool TlsEnabled => EndpointAnnotation.TlsEnabled;

    /// <summary>The port that others use.</summary>
    /// <exception cref="InvalidOperationException">The endpoint has no address yet.</exception>
    public int Port => Allocated.Port;

    /// <summary>The host that others use.</summary>
    /// <exception cref="InvalidOperationException">The endpoint has no address yet.</exception>
    public string Host => Allocated.Address;

    /// <summary>The port that the process itself was asked to listen on; null if each replica has its own.</summary>
    public int? TargetPort => EndpointAnnotation.TargetPort;

    /// <summary>The url that others use.</summary>
    /// <exception cref="InvalidOperationException">The endpoint has no address yet.</exception>
    public string Url => Allocated.UriString;

    string IManifestExpressionProvider.ValueExpression => $"{{{Resource.Name}.bindings.{EndpointName}.url}}";

    IEnumerable<object> IValueWithReferences.References => [Resource];

    private AllocatedEndpoint Allocated => EndpointAnnotation.AllocatedEndpoint
        ?? throw new InvalidOperationException($"Endpoint '{EndpointName}' of '{Resource.Name}' has no address yet: addresses are given when the application starts.");

    /// <summary>A part of the endpoint's address.</summary>
    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    /// <summary>The url; waits until there is one.</summary>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(cancellationToken);

    /// <summary>The url; waits until there is one.</summary>
    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(context, cancellationToken);

    private EndpointAnnotation? Find() => _endpoint ??= Resource.Annotations.OfType<EndpointAnnotation>()
        .SingleOrDefault(e => string.Equals(e.Name, EndpointName, StringComparison.OrdinalIgnoreCase));

    private string Missing()
    {
        var names = string.Join(", ", Resource.Annotations.OfType<EndpointAnnotation>().Select(e => $"'{e.Name}'"));
        return $"Resource '{Resource.Name}' has no endpoint '{EndpointName}'; it has {(names.Length == 0 ? "none" : names)}.";
    }
}

/// <summary>A part of an endpoint's address.</summary>
public enum EndpointProperty
{
    /// <summary><c>scheme://host:port</c>.</summary>
    Url,

    /// <summary>The host that others use.</summary>
    Host,

    /// <summary>The host as an IPv4 address.</summary>
    IPV4Host,

    /// <summary>The port that others use.</summary>
    Port,

    /// <summary>The scheme.</summary>
    Scheme,

    /// <summary>The port that the process itself listens on: each replica sees its own.</summary>
    TargetPort,

    /// <summary><c>host:port</c>.</summary>
    HostAndPort,

    /// <summary><c>True</c> or <c>False</c>.</summary>
    TlsEnabled,
}

/// <summary>A part of an endpoint's address as a value.</summary>
[DebuggerDisplay("{ValueExpression}")]
public class EndpointReferenceExpression : IExpressionValue, IValueWithReferences
{
    /// <param name="endpointReference">The endpoint.</param>
    /// <param name="property">Which part.</param>
    public EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property)
    {
        ArgumentNullException.ThrowIfNull(endpointReference);
        Endpoint = endpointReference;
        Property = property;
    }

    /// <summary>The endpoint.</summary>
    public EndpointReference Endpoint { get; }

    /// <summary>Which part of its address.</summary>
    public EndpointProperty Property { get; }

    /// <inheritdoc/>
    public string ValueExpression => $"{{{Endpoint.Resource.Name}.bindings.{Endpoint.EndpointName}.{Property switch
    {
        EndpointProperty.Url => "url",
        EndpointProperty.Host or EndpointProperty.IPV4Host => "host",
        EndpointProperty.Port => "port",
        EndpointProperty.Scheme => "scheme",
        EndpointProperty.TargetPort => "targetPort",
        EndpointProperty.HostAndPort => "hostAndPort",
        EndpointProperty.TlsEnabled => "tlsEnabled",
        _ => throw new InvalidOperationException($"There is no endpoint property '{Property}'."),
    }}}}";

    IEnumerable<object> IValueWithReferences.References => [Endpoint];

    /// <summary>The value; waits until the endpoint has an address.</summary>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <summary>The value as one caller sees it; waits until the endpoint has an address.</summary>
    /// <exception cref="InvalidOperationException">The target port was asked for by someone else than a replica, and each replica has its own.</exception>
    public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default)
    {
        var endpoint = Endpoint.EndpointAnnotation;
        switch (Property)
        {
            case EndpointProperty.Scheme:
                return endpoint.UriScheme;
            case EndpointProperty.TlsEnabled:
                return endpoint.TlsEnabled ? bool.TrueString : bool.FalseString;
            case EndpointProperty.TargetPort:
                return await GetTargetPortAsync(endpoint, context, cancellationToken).ConfigureAwait(false);
        }

        var allocated = await endpoint.GetAllocatedEndpointAsync(cancellationToken).ConfigureAwait(false);
        return Property switch
        {
            EndpointProperty.Url => allocated.UriString,
            EndpointProperty.Host => allocated.Address,
            EndpointProperty.IPV4Host => allocated.Address == "localhost" ? "127.0.0.1" : allocated.Address,
            EndpointProperty.Port => $"{allocated.Port}",
            EndpointProperty.HostAndPort => allocated.EndPointString,
            _ => throw new InvalidOperationException($"There is no endpoint property '{Property}'."),
        };
    }

    private async ValueTask<string?> GetTargetPortAsync(EndpointAnnotation endpoint, ValueProviderContext context, CancellationToken cancellationToken)
    {
        if (context is InstanceValueContext instance && ReferenceEquals(instance.Caller, Endpoint.Resource) && instance.TargetPorts.TryGetValue(endpoint.Name, out var own))
        {
            return $"{own}";
        }

        if (endpoint.TargetPort is { } fixedPort) return $"{fixedPort}";
        if (!endpoint.IsProxied) return $"{(await endpoint.GetAllocatedEndpointAsync(cancellationToken).ConfigureAwait(false)).Port}";
        throw new InvalidOperationException(
            $"The target port of endpoint '{endpoint.Name}' of '{Endpoint.Resource.Name}' is chosen for each replica: only the replica itself can be told its own. Others use {nameof(EndpointProperty.Port)}, or the endpoint names a targetPort.");
    }
}
