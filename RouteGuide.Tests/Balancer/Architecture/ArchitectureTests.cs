using System.Net.Sockets;
using RouteGuide.Balancer;
using RouteGuide.Http2;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Tests.Balancer.Architecture;

/// <summary>Holds what the balancer's layout promises, by the compiled types.</summary>
public sealed class ArchitectureTests
{
    private static readonly LayerLaw Law = new(
        "RouteGuide.Balancer", "Configuration", "Control", "Telemetry", "Proxy", "Health", "Balancing", "Routing", "Transport", "Settings");

    // Of the engine that the gRPC client has too: the sockets know nothing of the protocol.
    private static readonly LayerLaw EngineLaw = new("RouteGuide.Http2", "Connections", "Frames", "Hpack", "Streams", "Transport");

    private static readonly Type[] Types = typeof(BalancerApp).Assembly.GetTypes();

    private static readonly Type[] EngineTypes = typeof(Http2Connection).Assembly.GetTypes();

    [Fact]
    public void Every_type_has_its_layer() => Assert.Empty(Law.Unplaced(Types));

    [Fact]
    public void No_layer_uses_one_above_it()
    {
        Assert.True(Types.Length > 100, "the balancer's types were found");
        Assert.Empty(Law.Offences(Types));
    }

    [Fact]
    public void The_sockets_know_nothing_of_the_protocol()
    {
        var sockets = EngineLaw.In("Transport", EngineTypes).ToList();
        Assert.True(sockets.Count > 15, "the layer was found");
        Assert.Empty(EngineLaw.Offences(sockets));
    }

    [Fact]
    public void The_engine_knows_no_socket_no_task_no_thread_no_lock_no_clock_and_no_other_layer()
    {
        var engine = EngineTypes.Where(IsEngine).ToList();
        Assert.True(engine.Count > 30, "the layer was found");
        var offences = from type in engine from used in TypeUses.Of(type) where IsImpure(used) select $"{type.FullName} uses {used.FullName}";
        Assert.Empty(offences);
    }

    [Fact]
    public void Only_the_choice_at_the_start_knows_which_poller_there_is()
    {
        Type[] pollers = [.. EngineTypes.Where(t => t.IsClass && typeof(IPoller).IsAssignableFrom(t))];
        Assert.Contains(pollers, p => p.Name == "EpollPoller");
        Assert.Contains(pollers, p => p.Name == "PortablePoller");
        var users = from type in EngineTypes.Concat(Types)
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
            || (name.StartsWith("RouteGuide.", StringComparison.Ordinal) && !IsEngine(type)));

    // The protocol alone.
    private static bool IsEngine(Type type) => type.Namespace is { } name
        && (name == "RouteGuide.Http2" || (name.StartsWith("RouteGuide.Http2.", StringComparison.Ordinal) && !EngineLaw.In("Transport", [type]).Concat(EngineLaw.In("Connections", [type])).Any()));

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
