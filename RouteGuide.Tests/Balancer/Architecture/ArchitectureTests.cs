using System.Net.Sockets;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Tests.Balancer.Architecture;

/// <summary>Holds what the balancer's layout promises, by the compiled types.</summary>
public sealed class ArchitectureTests
{
    private static readonly LayerLaw Law = new(
        "RouteGuide.Balancer", "Configuration", "Control", "Telemetry", "Proxy", "Health", "Balancing", "Routing", "Http2", "Transport", "Settings");

    private static readonly Type[] Types = typeof(BalancerApp).Assembly.GetTypes();

    [Fact]
    public void Every_type_has_its_layer() => Assert.Empty(Law.Unplaced(Types));

    [Fact]
    public void No_layer_uses_one_above_it()
    {
        Assert.True(Types.Length > 100, "the balancer's types were found");
        Assert.Empty(Law.Offences(Types));
    }

    [Fact]
    public void The_engine_knows_no_socket_no_task_no_thread_no_lock_no_clock_and_no_other_layer()
    {
        var engine = Law.In("Http2", Types).ToList();
        Assert.True(engine.Count > 30, "the layer was found");
        var offences = from type in engine from used in TypeUses.Of(type) where IsImpure(used) select $"{type.FullName} uses {used.FullName}";
        Assert.Empty(offences);
    }

    [Fact]
    public void Only_the_choice_at_the_start_knows_which_poller_there_is()
    {
        Type[] pollers = [.. Types.Where(t => t.IsClass && typeof(IPoller).IsAssignableFrom(t))];
        Assert.Contains(pollers, p => p.Name == "EpollPoller");
        Assert.Contains(pollers, p => p.Name == "PortablePoller");
        var users = from type in Types
                    where !pollers.Contains(Outermost(type)) && pollers.Any(TypeUses.Of(type).Contains)
                    select Outermost(type).Name;
        Assert.Equal([nameof(LoopGroup)], users.Distinct());
    }

    [Theory]
    [MemberData(nameof(Samples.OfSocket), MemberType = typeof(Samples))]
    public void The_search_finds_a_use(Type sample)
    {
        Assert.Contains(typeof(Socket), TypeUses.Of(sample));
        Assert.True(IsImpure(typeof(Socket)));
    }

    [Theory]
    [InlineData(typeof(Thread))]
    [InlineData(typeof(Task))]
    [InlineData(typeof(Lock))]
    [InlineData(typeof(Monitor))]
    [InlineData(typeof(DateTime))]
    [InlineData(typeof(TimeProvider))]
    [InlineData(typeof(Environment))]
    [InlineData(typeof(System.Diagnostics.Stopwatch))]
    [InlineData(typeof(SocketChannel))]
    public void The_search_finds_what_the_engine_must_not_use(Type type)
    {
        Assert.Contains(type, TypeUses.Of(typeof(Samples.EverythingImpure)));
        Assert.True(IsImpure(type));
    }

    [Fact]
    public void The_search_finds_a_layer_that_uses_one_above_it_or_the_composition()
    {
        var law = new LayerLaw("RouteGuide.Tests.Balancer.Architecture.Sample", "Upper", "Lower");
        Type[] types = [typeof(Sample.Composition), typeof(Sample.Upper.Roof), typeof(Sample.Lower.Cellar), typeof(Sample.Lower.Deep.Well), typeof(Sample.Other.Shed)];

        var offences = law.Offences(types).ToList();

        Assert.Equal(2, offences.Count);
        Assert.EndsWith("Lower.Deep.Well uses RouteGuide.Tests.Balancer.Architecture.Sample.Upper.Roof", offences[1]);
        Assert.EndsWith("Lower.Cellar uses RouteGuide.Tests.Balancer.Architecture.Sample.Composition", offences[0]);
        Assert.Equal([typeof(Sample.Other.Shed).FullName], law.Unplaced(types));
    }

    private static bool IsImpure(Type type) => type.Namespace is { } name
        && (name.StartsWith("System.Net", StringComparison.Ordinal)
            || name.StartsWith("System.Threading", StringComparison.Ordinal)
            || name.StartsWith("System.IO", StringComparison.Ordinal)
            || type == typeof(System.Diagnostics.Stopwatch) || type == typeof(TimeProvider) || type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(Environment)
            || (name.StartsWith("RouteGuide.", StringComparison.Ordinal) && !name.StartsWith("RouteGuide.Balancer.Http2", StringComparison.Ordinal)));

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
