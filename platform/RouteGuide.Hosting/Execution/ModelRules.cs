using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>What a model must keep to, so that it can run here.</summary>
internal static class ModelRules
{
    /// <exception cref="DistributedApplicationException">The model breaks a rule; the message names the resource and the endpoint.</exception>
    public static void Check(DistributedApplicationModel model)
    {
        foreach (var resource in model.Resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>()) CheckEndpoint(resource, endpoint);
            foreach (var check in resource.Annotations.OfType<EndpointHealthCheckAnnotation>()) CheckProbe(resource, check);
            foreach (var wait in resource.Annotations.OfType<WaitAnnotation>().Where(w => !model.Resources.Contains(w.Resource)))
            {
                throw new DistributedApplicationException($"'{resource.Name}' waits for '{wait.Resource.Name}', which is not part of the application.");
            }
        }

        CheckPortsDiffer(model);
        foreach (var resource in model.Resources) CheckWaits(resource, []);
    }

    private static void CheckEndpoint(IResource resource, EndpointAnnotation endpoint)
    {
        var replicas = resource.GetReplicaCount();
        var subject = $"Endpoint '{endpoint.Name}' of '{resource.Name}'";
        if (endpoint.Protocol != ProtocolType.Tcp) throw new DistributedApplicationException($"{subject} has the protocol {endpoint.Protocol}: only {ProtocolType.Tcp} can be run here.");
        if (!endpoint.IsProxied && replicas > 1) throw new DistributedApplicationException($"{subject} has no proxy, and '{resource.Name}' has {replicas} replicas: they cannot all listen on one port. Let the endpoint be proxied, or have one replica.");
        if (endpoint.TargetPort is { } target && replicas > 1) throw new DistributedApplicationException($"{subject} has the fixed target port {target}, and '{resource.Name}' has {replicas} replicas: they cannot all listen on it. Leave targetPort out, or have one replica.");
        if (resource is not ContainerResource && endpoint.IsProxied && endpoint.Port is { } port && port == endpoint.TargetPort) throw new DistributedApplicationException($"{subject} is proxied and has {port} as its port and as its target port: the proxy and the process cannot both listen on it. Leave targetPort out, or set isProxied to false.");
        if (!endpoint.IsProxied && endpoint.Port is { } own && endpoint.TargetPort is { } other && own != other) throw new DistributedApplicationException($"{subject} has no proxy, and its port {own} differs from its target port {other}: nobody would listen on {own}. Leave one of them out, or let the endpoint be proxied.");
    }

    private static void CheckProbe(IResource resource, EndpointHealthCheckAnnotation check)
    {
        var endpoint = check.Endpoint();
        if (!endpoint.Exists) throw new DistributedApplicationException($"The health check '{check.Key}' of '{resource.Name}' needs the endpoint '{endpoint.EndpointName}' of '{endpoint.Resource.Name}', which does not exist.");
        if (!endpoint.IsHttp && !endpoint.IsHttps) throw new DistributedApplicationException($"The health check '{check.Key}' of '{resource.Name}' needs an http or https endpoint; '{endpoint.EndpointName}' is {endpoint.Scheme}.");
    }

    private static void CheckPortsDiffer(DistributedApplicationModel model)
    {
        var asked = model.Resources.SelectMany(r => r.Annotations.OfType<EndpointAnnotation>().SelectMany(e => new[] { e.Port, r is ContainerResource ? null : e.TargetPort }.OfType<int>().Distinct().Select(port => (port, r, e))));
        if (asked.GroupBy(a => a.port).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            var (first, second) = (twice.First(), twice.ElementAt(1));
            throw new DistributedApplicationException($"Port {twice.Key} is asked for twice: by endpoint '{first.e.Name}' of '{first.r.Name}' and by endpoint '{second.e.Name}' of '{second.r.Name}'.");
        }
    }

    private static void CheckWaits(IResource resource, IReadOnlyList<IResource> path)
    {
        if (path.Contains(resource))
        {
            var circle = path.SkipWhile(r => r != resource).Append(resource).Select(r => $"'{r.Name}'");
            throw new DistributedApplicationException($"These resources wait for each other and would never start: {string.Join(" waits for ", circle)}.");
        }

        foreach (var wait in resource.Annotations.OfType<WaitAnnotation>()) CheckWaits(wait.Resource, [.. path, resource]);
    }
}
