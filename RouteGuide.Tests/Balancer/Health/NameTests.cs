using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Registry.V1;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Targets that a name stands for.</summary>
public sealed class NameTests
{
    private static readonly NamedTargets Name = new() { Name = "replicas.example", Port = 50052, Interval = TimeSpan.FromSeconds(5), Keep = TimeSpan.FromSeconds(60) };

    [Fact]
    public void Each_address_is_a_target_that_comes_and_goes_with_the_answer()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        group.Names.Set("10.0.0.1", "10.0.0.2", "fd00::1");
        Watch(group, Name);
        Assert.Equal(["10.0.0.1:50052", "10.0.0.2:50052", "[fd00::1]:50052"], Members(group));
        Assert.Equal(3, group.Now.Available);
        var kept = group.Now.Entries[1].Target;

        group.Names.Set("10.0.0.2", "10.0.0.3");
        group.Pass(TimeSpan.FromSeconds(4.9));
        Assert.Equal(3, Members(group).Length);
        group.Pass(TimeSpan.FromSeconds(0.1));

        Assert.Equal(["10.0.0.2:50052", "10.0.0.3:50052"], Members(group));
        Assert.Same(kept, group.Now.Entries[0].Target);
    }

    [Theory]
    [InlineData(true, "replicas.example")]
    [InlineData(false, "10.0.0.1")]
    public void The_registry_knows_targets_of_a_name_by_their_addresses_and_only_secure_ones_have_to_prove_the_name(bool isTls, string proves)
    {
        using var group = new KeptGroup(checks: null);
        using var keepers = new TargetKeepers();
        keepers.Add(group.Keeper);
        var registrar = new TargetRegistrar(keepers, new LeaseBook(NullLogger<LeaseBook>.Instance));
        group.Names.Set("10.0.0.1");
        group.Keeper.Apply(group.Keeper.Settings with { IsTls = isTls });
        Watch(group, Name);
        var target = new TargetDescription { Id = "10.0.0.1", Port = 50052 };
        TargetState State() => registrar.Describe(new DescribeTargetHealthRequest { TargetGroup = "g", Targets = { target } }).TargetHealthDescriptions.Single().State;
        Assert.Equal(TargetState.Unavailable, State());

        registrar.Deregister(new DeregisterTargetsRequest { TargetGroup = "g", Targets = { target } });
        group.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(TargetState.Unused, State());
        Assert.Empty(Members(group));

        registrar.Register(new RegisterTargetsRequest { TargetGroup = "g", Targets = { target } });
        Assert.Equal(TargetState.Unavailable, State());
        Assert.Equal(proves, Assert.Single(group.Now.Entries).Target.Address.ServerName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_an_answer_the_last_one_is_kept_but_not_for_ever(bool isEmpty)
    {
        using var group = new KeptGroup(checks: null);
        group.Names.Set("10.0.0.1");
        Watch(group, Name);

        group.Names.Answer = isEmpty ? [] : null;
        group.Pass(TimeSpan.FromSeconds(59));
        Assert.Single(Members(group));
        group.Pass(TimeSpan.FromSeconds(5));
        Assert.Empty(Members(group));

        group.Names.Set("10.0.0.1");
        group.Pass(TimeSpan.FromSeconds(5));
        Assert.Single(Members(group));
    }

    [Fact]
    public void Records_with_ports_and_weights_have_them()
    {
        using var group = new KeptGroup(checks: null);
        group.Names.Answer = [new(IPAddress.Parse("10.0.0.1"), 7001, 10, "a.example"), new(IPAddress.Parse("10.0.0.1"), 7002, 30, "b.example"), new(IPAddress.Any, 7003, 1, "c.example")];
        Watch(group, Name with { Type = NameRecords.Srv, Port = null });

        Assert.Equal(["10.0.0.1:7001", "10.0.0.1:7002"], Members(group));
        Assert.Equal([10d, 30], group.Now.Weights.ToArray());
    }

    [Fact]
    public void A_name_that_is_not_configured_any_more_takes_its_targets_along()
    {
        using var group = new KeptGroup(checks: null);
        group.Names.Set("10.0.0.1");
        Watch(group, Name);
        // Asked for more often, it stays.
        Watch(group, Name with { Interval = TimeSpan.FromSeconds(1) });
        Assert.Single(Members(group));

        Watch(group);
        Assert.Empty(Members(group));
        var questions = group.Names.Questions;
        group.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(questions, group.Names.Questions);
    }

    private static void Watch(KeptGroup group, params NamedTargets[] names)
    {
        group.Keeper.Apply(group.Keeper.Settings with { Names = names });
        group.Pass(TimeSpan.Zero);
    }

    private static string[] Members(KeptGroup group) => [.. group.Now.Entries.Select(e => e.Target.Address.Authority)];
}
