namespace RouteGuide.Tests.Balancer.Architecture;

/// <summary>The list of layers below one root namespace, and what breaks its law: each uses only those below it.</summary>
/// <param name="root">The namespace of composition, which may use all; it is in no layer.</param>
/// <param name="layers">From the top down.</param>
internal sealed class LayerLaw(string root, params string[] layers)
{
    /// <summary>Types that are neither in the root nor in a layer of the list.</summary>
    public IEnumerable<string> Unplaced(IEnumerable<Type> types) =>
        from type in types
        where type.Namespace is { } name && name.StartsWith(root + ".", StringComparison.Ordinal) && LayerOf(type) is null
        select type.FullName;

    /// <summary>Uses of a layer from one that is not above it, in words.</summary>
    public IEnumerable<string> Offences(IEnumerable<Type> types) =>
        (from type in types
         let own = LayerOf(type)
         where own is not null
         from used in TypeUses.Of(type)
         where used.Namespace == root || (LayerOf(used) is { } other && other < own)
         select $"{type.FullName} uses {used.FullName}").Distinct().Order(StringComparer.Ordinal);

    /// <summary>The types of one layer, its namespaces within included.</summary>
    public IEnumerable<Type> In(string layer, IEnumerable<Type> types) => types.Where(t => LayerOf(t) is { } index && layers[index] == layer);

    private int? LayerOf(Type type)
    {
        if (type.Namespace is not { } name || !name.StartsWith(root + ".", StringComparison.Ordinal)) return null;
        var rest = name[(root.Length + 1)..];
        var dot = rest.IndexOf('.');
        var index = Array.IndexOf(layers, dot < 0 ? rest : rest[..dot]);
        return index < 0 ? null : index;
    }
}
