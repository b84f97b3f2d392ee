using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using RouteGuide.Client.Calls;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Reflection;
using RouteGuide.Client.Scenario;

namespace RouteGuide.Client.Load;

/// <summary>Finds what <c>load</c> calls: one of the four kinds with messages of its own, or any method with those that are given.</summary>
internal static class LoadCalls
{
    private const int RoutePoints = 10;

    /// <exception cref="UsageException">There is no such method, or its messages cannot be read.</exception>
    public static async Task<LoadCall> FindAsync(LoadSettings settings, CallInvoker invoker, Func<Stream> openInput, CancellationToken cancellationToken)
    {
        var name = Demo.Names.FirstOrDefault(kind => string.Equals(kind, settings.Method, StringComparison.OrdinalIgnoreCase));
        if (name is not null)
        {
            if (settings.Data is not null) throw new UsageException($"--data: {name} has messages of its own; write routeguide.RouteGuide/{name} to send others.");
            return OfRouteGuide(name);
        }

        if (MethodName.Split(settings.Method) is null) throw new UsageException($"--method: '{settings.Method}' is not one of {string.Join(", ", Demo.Names)}, nor package.Service/Method.");
        var pool = new DescriptorPool(new ReflectionClient(invoker, settings.Headers, settings.Timeout));
        var method = await MethodName.FindAsync(pool, settings.Method, cancellationToken);
        var messages = new List<byte[]>();
        await foreach (var message in new RequestSource(settings.Data, pool, openInput).ReadAsync(method.InputType, cancellationToken)) messages.Add(message);
        if (!method.IsClientStreaming && messages.Count > 1) throw new UsageException($"--data: {method.FullName} takes one {method.InputType.FullName}, and {messages.Count} were given.");
        if (!method.IsClientStreaming && messages.Count == 0) messages.Add([]);
        var all = messages.ToArray();
        return new LoadCall(LoadCall.Describe(method.Service.FullName, method.Name, Kind(method)), () => all);
    }

    private static LoadCall OfRouteGuide(string name)
    {
        var descriptor = Routeguide.RouteGuide.Descriptor.FindMethodByName(name);
        var points = RouteSource.Features().Select(feature => feature.Location.ToByteArray()).ToArray();
        var method = LoadCall.Describe(descriptor.Service.FullName, descriptor.Name, Kind(descriptor));
        return name switch
        {
            "GetFeature" => new LoadCall(method, () => [points[Random.Shared.Next(points.Length)]]),
            "ListFeatures" => Always(method, Demo.NewJersey),
            "RecordRoute" => new LoadCall(method, () => Random.Shared.GetItems(points, RoutePoints)),
            _ => Always(method, [.. Demo.Notes]),
        };
    }

    private static LoadCall Always(Method<byte[], byte[]> method, params IMessage[] messages)
    {
        var encoded = messages.Select(message => message.ToByteArray()).ToArray();
        return new LoadCall(method, () => encoded);
    }

    private static MethodType Kind(MethodDescriptor method) => (method.IsClientStreaming, method.IsServerStreaming) switch
    {
        (false, false) => MethodType.Unary,
        (false, true) => MethodType.ServerStreaming,
        (true, false) => MethodType.ClientStreaming,
        _ => MethodType.DuplexStreaming,
    };
}
