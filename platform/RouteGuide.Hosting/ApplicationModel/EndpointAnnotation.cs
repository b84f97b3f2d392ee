using System.Diagnostics;
using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A port on which a resource is reached, as it was asked for, and what it was given when the application started.</summary>
[DebuggerDisplay("{Name} {UriScheme}")]
public sealed class EndpointAnnotation : IResourceAnnotation
{
    private readonly TaskCompletionSource<AllocatedEndpoint> _allocated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AllocatedEndpoint? _current;
    private string? _transport;

    /// <param name="protocol">Only <see cref="ProtocolType.Tcp"/> can be started.</param>
    /// <param name="uriScheme">The scheme of its address; null means the protocol's name.</param>
    /// <param name="transport"><c>http</c>, <c>http2</c> or <c>tcp</c>; null is derived from the scheme.</param>
    /// <param name="name">Unique within the resource; null means the scheme.</param>
    /// <param name="port">The port that others use, 1 to 65535; null lets the app host choose.</param>
    /// <param name="targetPort">The port that the process itself listens on, 1 to 65535; null lets the app host choose.</param>
    /// <param name="isExternal">Whether it is meant for the world outside; null means no.</param>
    /// <param name="isProxied">Whether the app host listens in front of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A port is outside of its range.</exception>
    public EndpointAnnotation(ProtocolType protocol, string? uriScheme = null, string? transport = null, string? name = null, int? port = null, int? targetPort = null, bool? isExternal = null, bool isProxied = true)
    {
        Protocol = protocol;
        UriScheme = uriScheme ?? protocol.ToString().ToLowerInvariant();
        _transport = transport;
        Name = name ?? UriScheme;
        ResourceName.Validate(Name, "Endpoint");
        Port = ValidPort(port, nameof(port));
        TargetPort = ValidPort(targetPort, nameof(targetPort));
        IsExternal = isExternal ?? false;
        IsProxied = isProxied;
    }

    /// <summary>Only <see cref="ProtocolType.Tcp"/> can be started.</summary>
    public ProtocolType Protocol { get; set; }

    /// <summary>The scheme of the address.</summary>
    public string UriScheme { get; set; }

    /// <summary><c>http</c>, <c>http2</c> or <c>tcp</c>.</summary>
    public string Transport
    {
        get => _transport ?? (UriScheme is "http" or "https" ? "http" : "tcp");
        set => _transport = value;
    }

    /// <summary>The name, unique within the resource.</summary>
    public string Name { get; set; }

    /// <summary>The host that the process listens on.</summary>
    public string TargetHost { get; set; } = "localhost";

    /// <summary>The port that others use; null lets the app host choose.</summary>
    public int? Port { get; set; }

    /// <summary>The port that the process itself listens on; null lets the app host choose one for each replica.</summary>
    public int? TargetPort { get; set; }

    /// <summary>Whether it is meant for the world outside.</summary>
    public bool IsExternal { get; set; }

    /// <summary>Whether the app host listens in front of it and passes connections on to the replicas.</summary>
    public bool IsProxied { get; set; }

    /// <summary>Whether it speaks TLS.</summary>
    public bool TlsEnabled
    {
        get => field || string.Equals(UriScheme, "https", StringComparison.OrdinalIgnoreCase);
        set;
    }

    /// <summary>Whether <c>WithReference</c> to the whole resource leaves it out.</summary>
    public bool ExcludeReferenceEndpoint { get; set; }

    /// <summary>Where others reach it; null until the application has started.</summary>
    public AllocatedEndpoint? AllocatedEndpoint
    {
        get => _current;
        set
        {
            _current = value;
            if (value is not null) _allocated.TrySetResult(value);
        }
    }

    internal async ValueTask<AllocatedEndpoint> GetAllocatedEndpointAsync(CancellationToken cancellationToken) =>
        _current ?? await _allocated.Task.WaitAsync(cancellationToken).ConfigureAwait(false);

    private static int? ValidPort(int? port, string name) =>
        port is null or (>= 1 and <= 65535) ? port : throw new ArgumentOutOfRangeException(name, port, "A port is a number from 1 to 65535.");
}

/// <summary>Where an endpoint is reached now that the application runs.</summary>
[DebuggerDisplay("{UriString}")]
public class AllocatedEndpoint
{
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="address">The host that others use.</param>
    /// <param name="port">The port that others use.</param>
    /// <param name="targetPortExpression">How a manifest refers to the target port.</param>
    public AllocatedEndpoint(EndpointAnnotation endpoint, string address, int port, string? targetPortExpression = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        Endpoint = endpoint;
        Address = address;
        Port = port;
        TargetPortExpression = targetPortExpression;
    }

    /// <summary>The endpoint.</summary>
    public EndpointAnnotation Endpoint { get; }

    /// <summary>The host that others use.</summary>
    public string Address { get; }

    /// <summary>The port that others use.</summary>
    public int Port { get; }

    /// <summary>How a manifest refers to the target port.</summary>
    public string? TargetPortExpression { get; }

    /// <summary>The scheme.</summary>
    public string UriScheme => Endpoint.UriScheme;

    /// <summary><c>host:port</c>.</summary>
    public string EndPointString => $"{Address}:{Port}";

    /// <summary><c>scheme://host:port</c>.</summary>
    public string UriString => $"{UriScheme}://{EndPointString}";

    /// <inheritdoc/>
    public override string ToString() => UriString;
}
