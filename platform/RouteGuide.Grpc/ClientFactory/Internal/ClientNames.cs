using Microsoft.Extensions.DependencyInjection;

namespace Grpc.Net.ClientFactory.Internal;

/// <summary>The names of registered clients. It lies in the services as an instance, so that it can be asked while services are still being added.</summary>
internal sealed class ClientNames
{
    private readonly Dictionary<string, Type> _types = new(StringComparer.Ordinal);

    /// <summary>The names in a collection of services.</summary>
    public static ClientNames In(IServiceCollection services)
    {
        var known = services.FirstOrDefault(service => service.ServiceType == typeof(ClientNames))?.ImplementationInstance;
        if (known is ClientNames names) return names;

        names = new ClientNames();
        services.AddSingleton(names);
        return names;
    }

    public void Add(string name, Type type)
    {
        if (!_types.TryAdd(name, type) && _types[name] != type)
            throw new InvalidOperationException($"The client name '{name}' is taken by {_types[name]}: give {type} another name.");
    }

    public bool Contains(string name) => _types.ContainsKey(name);

    public bool Contains(string name, Type type) => _types.TryGetValue(name, out var registered) && registered == type;
}
