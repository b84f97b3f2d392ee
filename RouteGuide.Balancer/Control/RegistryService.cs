using System.Buffers;
using Grpc.Core;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;
using RouteGuide.Registry.V1;

namespace RouteGuide.Balancer.Control;

/// <summary>The registry as replicas see it. The contract stands in <c>routeguide/registry/v1/registry.proto</c>.</summary>
internal sealed class RegistryService(LeaseBook leases, TargetKeepers keepers, RegistryOptions options, TimeProvider time, IHostApplicationLifetime lifetime)
    : Registry.V1.Registry.RegistryBase
{
    private readonly TargetRegistrar _registrar = new(keepers, leases);

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    public override async Task Lease(IAsyncStreamReader<LeaseRequest> requestStream, IServerStreamWriter<LeaseResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var lease = Grant(await ReadRegistration(requestStream, ending.Token));
            try
            {
                await responseStream.WriteAsync(new LeaseResponse { Granted = new Granted() }, ending.Token);
                await Hold(lease, requestStream, responseStream, ending.Token);
            }
            finally
            {
                // A balancer that stops still has calls to place, those that were under way to it. Its targets stay until its end.
                if (!lifetime.ApplicationStopping.IsCancellationRequested) leases.End(lease);
            }
        }
        catch (IOException)
        {
            // The connection of the replica broke. Its lease has ended above, and nobody is left to be answered.
        }
        catch (Exception e) when (ending.IsCancellationRequested && e is OperationCanceledException or RpcException)
        {
            // The replica is gone, which needs no answer; or the balancer is going, which the replica should know.
            if (!context.CancellationToken.IsCancellationRequested) throw new RpcException(new Status(StatusCode.Unavailable, "the balancer is stopping"));
        }
    }

    public override Task<DrainResponse> Drain(DrainRequest request, ServerCallContext context)
    {
        if (request.Reason.Length > RegistryOptions.MaxReasonLength) throw RegistryText.Invalid($"reason has {request.Reason.Length} characters; at most {RegistryOptions.MaxReasonLength} are accepted");
        if (!leases.Drain(request.Replica, request.Reason)) throw new RpcException(new Status(StatusCode.NotFound, $"no lease has the replica name '{RegistryText.Shown(request.Replica)}'"));
        return Task.FromResult(new DrainResponse());
    }

    public override Task<ListTargetsResponse> ListTargets(ListTargetsRequest request, ServerCallContext context)
    {
        var response = new ListTargetsResponse();
        response.Targets.AddRange(
            from keeper in keepers.Names.Select(keepers.Find)
            where keeper is not null
            from entry in keeper.Group.Targets.Current.Entries
            orderby keeper.Group.Name, entry.Target.Name
            select new Registry.V1.Target
            {
                Name = entry.Target.Name,
                Address = entry.Target.Address.ToString(),
                State = TargetRegistrar.ListedStateOf(entry),
                InFlight = entry.Target.InFlight,
                Total = entry.Target.Total,
                Leased = entry.Target.Leased,
                TargetGroup = keeper.Group.Name,
                Weight = entry.Target.Weight,
            });
        return Task.FromResult(response);
    }

    public override Task<RegisterTargetsResponse> RegisterTargets(RegisterTargetsRequest request, ServerCallContext context)
    {
        _registrar.Register(request);
        return Task.FromResult(new RegisterTargetsResponse());
    }

    public override Task<DeregisterTargetsResponse> DeregisterTargets(DeregisterTargetsRequest request, ServerCallContext context)
    {
        _registrar.Deregister(request);
        return Task.FromResult(new DeregisterTargetsResponse());
    }

    public override Task<DescribeTargetHealthResponse> DescribeTargetHealth(DescribeTargetHealthRequest request, ServerCallContext context) =>
        Task.FromResult(_registrar.Describe(request));

    private async Task<Registration> ReadRegistration(IAsyncStreamReader<LeaseRequest> requests, CancellationToken ending)
    {
        using var limit = new CancellationTokenSource(options.RegistrationTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ending, limit.Token);
        try
        {
            return await requests.MoveNext(both.Token) && requests.Current.Registration is { } registration
                ? registration
                : throw RegistryText.Invalid("the first message of a lease must be a registration");
        }
        catch (Exception e) when (limit.IsCancellationRequested && !ending.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"no registration came within {options.RegistrationTimeout.TotalSeconds:0.###} s"));
        }
    }

    private Lease Grant(Registration registration)
    {
        var name = registration.Replica;
        if (name.Length is 0 or > RegistryOptions.MaxNameLength || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw RegistryText.Invalid($"the replica name '{RegistryText.Shown(name)}' is not 1 to {RegistryOptions.MaxNameLength} letters, digits, '-', '.' and '_'");
        }

        if (!TargetAddress.TryParse(registration.Address, out var address, out var error)) throw RegistryText.Invalid($"the address {error}");
        if (address.IsTls) throw RegistryText.Invalid($"the address '{address}' is https; replicas are reached by plaintext HTTP/2, expected http://host:port");
        // A name would let whoever answers for it decide where calls go.
        if (!address.IsLiteral) throw RegistryText.Invalid($"the address '{address}' has a host name; expected an IP address or localhost");
        if (leases.IsFull) throw new RpcException(new Status(StatusCode.ResourceExhausted, $"there are {RegistryOptions.MaxLeases} leases already"));
        var group = _registrar.Group(registration.TargetGroup).Group;
        var weight = TargetRegistrar.Weight(registration.Weight);
        if (group.Targets.Current.Entries.Length >= TargetMembers.MaxTargets) throw new RpcException(new Status(StatusCode.ResourceExhausted, $"the target group {group} has {TargetMembers.MaxTargets} targets already"));
        return leases.Grant(name, address, weight, group) ?? throw new RpcException(new Status(StatusCode.AlreadyExists, $"another lease holds the replica name '{name}'"));
    }

    /// <summary>Returns when the replica ends its side.</summary>
    private static async Task Hold(Lease lease, IAsyncStreamReader<LeaseRequest> requests, IServerStreamWriter<LeaseResponse> responses, CancellationToken ending)
    {
        var next = requests.MoveNext(ending);
        if (await Task.WhenAny(next, lease.Draining) == lease.Draining)
        {
            await responses.WriteAsync(new LeaseResponse { Drain = new Drain { Reason = await lease.Draining } }, ending);
        }

        if (await next) throw RegistryText.Invalid("a lease has one registration; nothing may follow it");
    }
}
