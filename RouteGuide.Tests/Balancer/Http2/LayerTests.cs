using System.Reflection;
using System.Reflection.Emit;
using RouteGuide.Balancer.Http2;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Holds the law of the layer: <c>Http2/</c> takes octets and the time, and knows no socket, no task, no clock and nothing above it.</summary>
public sealed class LayerTests
{
    private const string Layer = "RouteGuide.Balancer.Http2";

    private static readonly Dictionary<short, OpCode> OpCodes = typeof(System.Reflection.Emit.OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);

    [Fact]
    public void Nothing_in_the_layer_uses_sockets_tasks_clocks_locks_or_the_layers_above()
    {
        var types = typeof(Http2Connection).Assembly.GetTypes().Where(t => t.Namespace?.StartsWith(Layer, StringComparison.Ordinal) == true).ToList();
        Assert.True(types.Count > 30, "the layer was found");
        var offences = types.SelectMany(t => References(t).Where(IsForbidden).Select(r => $"{t.FullName} uses {r}")).Distinct().Order().ToList();
        Assert.Empty(offences);
    }

    [Theory]
    [InlineData("System.Net.Sockets.Socket")]
    [InlineData("System.Threading.Tasks.Task")]
    [InlineData("System.Diagnostics.Stopwatch")]
    [InlineData("System.TimeProvider")]
    [InlineData("System.DateTime")]
    [InlineData("System.Threading.Lock")]
    public void The_search_would_find_an_offence(string type)
    {
        Assert.True(IsForbidden(type));
        Assert.Contains(type, References(typeof(Offender)));
    }

    private static bool IsForbidden(string type) =>
        type.StartsWith("System.Net.", StringComparison.Ordinal)
        || type.StartsWith("System.Threading.", StringComparison.Ordinal)
        || type is "System.Diagnostics.Stopwatch" or "System.TimeProvider" or "System.DateTime" or "System.DateTimeOffset" or "System.Environment"
        || (type.StartsWith("RouteGuide.", StringComparison.Ordinal) && !type.StartsWith(Layer, StringComparison.Ordinal));

    // The types that a type mentions in its signatures and in the bodies of its methods.
    private static IEnumerable<string> References(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var found = new HashSet<Type>();
        if (type.BaseType is not null) found.Add(type.BaseType);
        found.UnionWith(type.GetInterfaces());
        found.UnionWith(type.GetFields(All).Select(f => f.FieldType));
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        {
            found.UnionWith(method.GetParameters().Select(p => p.ParameterType));
            if (method is MethodInfo { ReturnType: var result }) found.Add(result);
            if (method.GetMethodBody() is not { } body) continue;
            found.UnionWith(body.LocalVariables.Select(l => l.LocalType));
            found.UnionWith(body.ExceptionHandlingClauses.Where(c => c.Flags == ExceptionHandlingClauseOptions.Clause).Select(c => c.CatchType!));
            foreach (var member in Members(method, body.GetILAsByteArray()!))
            {
                if (member is Type mentioned) found.Add(mentioned);
                if (member.DeclaringType is { } owner) found.Add(owner);
                if (member is MethodInfo called) found.Add(called.ReturnType);
            }
        }

        return found.SelectMany(Unwrap).Select(t => t.FullName ?? t.Name).Distinct();
    }

    private static IEnumerable<Type> Unwrap(Type type)
    {
        if (type.HasElementType) return Unwrap(type.GetElementType()!);
        if (type.IsGenericParameter) return [];
        return type.IsGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(Unwrap)] : [type];
    }

    private static IEnumerable<MemberInfo> Members(MethodBase method, byte[] il)
    {
        var (ofType, ofMethod) = (method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
        for (var at = 0; at < il.Length;)
        {
            var code = il[at] == 0xfe ? OpCodes[(short)(0xfe00 | il[at + 1])] : OpCodes[il[at]];
            at += code.Size;
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return method.Module.ResolveMember(BitConverter.ToInt32(il, at), ofType, ofMethod)!;
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, at),
                _ => 4,
            };
        }
    }

    private sealed class Offender
    {
        private readonly Lock _lock = new();

        public static Task Wait() => Task.CompletedTask;

        public long Read()
        {
            lock (_lock) return System.Diagnostics.Stopwatch.GetTimestamp() + DateTime.UtcNow.Ticks + TimeProvider.System.GetTimestamp();
        }

        public static System.Net.Sockets.Socket Open() => new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
    }
}
