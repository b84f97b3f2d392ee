namespace Grpc.Net.Client.Configuration;

/// <summary>Policies for the methods that it names.</summary>
public sealed class MethodConfig : ConfigObject
{
    /// <summary>Creates a config that names no method.</summary>
    public MethodConfig()
    {
    }

    internal MethodConfig(IDictionary<string, object> inner)
        : base(inner)
    {
    }

    /// <summary>When failed calls are repeated; null for never. Not together with <see cref="HedgingPolicy"/>.</summary>
    public RetryPolicy? RetryPolicy
    {
        get => GetObject("retryPolicy", inner => new RetryPolicy(inner));
        set => Set("retryPolicy", value?.Inner);
    }

    /// <summary>When calls are sent several times at once; null for never. Not together with <see cref="RetryPolicy"/>.</summary>
    public HedgingPolicy? HedgingPolicy
    {
        get => GetObject("hedgingPolicy", inner => new HedgingPolicy(inner));
        set => Set("hedgingPolicy", value?.Inner);
    }

    /// <summary>The methods. A method's own config goes before its service's, that before <see cref="MethodName.Default"/>.</summary>
    public IList<MethodName> Names => new ConfigList<MethodName>(GetList("name"), json => new MethodName((IDictionary<string, object>)json), name => name.Inner);
}

/// <summary>A method, all methods of a service, or all methods.</summary>
public sealed class MethodName : ConfigObject
{
    /// <summary>All methods of all services.</summary>
    public static readonly MethodName Default = new(new System.Collections.ObjectModel.ReadOnlyDictionary<string, object>(new Dictionary<string, object>()));

    /// <summary>Creates a name for all methods.</summary>
    public MethodName()
    {
    }

    internal MethodName(IDictionary<string, object> inner)
        : base(inner)
    {
    }

    /// <summary>The service with its package; null or empty for all services.</summary>
    public string? Service
    {
        get => Get<string>("service");
        set => Set("service", value);
    }

    /// <summary>The method's bare name; null or empty for all methods of the service.</summary>
    public string? Method
    {
        get => Get<string>("method");
        set => Set("method", value);
    }
}
