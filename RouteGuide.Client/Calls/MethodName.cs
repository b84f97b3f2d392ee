using Google.Protobuf.Reflection;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Dynamic;
using RouteGuide.Client.Reflection;

namespace RouteGuide.Client.Calls;

/// <summary>Finds a method by its name, <c>package.Service/Method</c> or with a dot for the slash.</summary>
internal static class MethodName
{
    /// <summary>The two parts of the name; null where it does not have them.</summary>
    public static (string Service, string Method)? Split(string name)
    {
        var bare = name.TrimStart('/');
        var at = bare.LastIndexOf('/') is >= 0 and var slash ? slash : bare.LastIndexOf('.');
        return at <= 0 || at == bare.Length - 1 ? null : (bare[..at], bare[(at + 1)..]);
    }

    /// <exception cref="UsageException">The name is none, or the server does not have it.</exception>
    /// <exception cref="ReflectionException">The server's description cannot be used.</exception>
    public static async Task<MethodDescriptor> FindAsync(DescriptorPool pool, string name, CancellationToken cancellationToken)
    {
        if (Split(name) is not { } parts) throw new UsageException($"METHOD: '{name}' is not package.Service/Method.");
        if (await pool.FindAsync(parts.Service, cancellationToken) is not ServiceDescriptor service)
        {
            throw new UsageException($"METHOD: the server has no service '{parts.Service}'; {Suggest.From(parts.Service, await pool.ServicesAsync(cancellationToken), "it has")}");
        }

        return service.FindMethodByName(parts.Method)
            ?? throw new UsageException($"METHOD: {service.FullName} has no method '{parts.Method}'; {Suggest.From(parts.Method, service.Methods.Select(method => method.Name), "it has")}");
    }
}
