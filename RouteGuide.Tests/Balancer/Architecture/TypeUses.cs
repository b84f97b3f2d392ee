using System.Reflection;
using System.Reflection.Emit;

namespace RouteGuide.Tests.Balancer.Architecture;

/// <summary>
/// The types that a compiled type uses: in its declaration, in the signatures of its members, in attributes, and in the instructions of its
/// method bodies. Inside one assembly nothing less than the instructions tells who calls whom.
/// </summary>
internal static class TypeUses
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);

    /// <summary>Every type that <paramref name="type"/> uses, taken apart: of <c>List&lt;Socket[]&gt;</c> both <c>List</c> and <c>Socket</c>.</summary>
    public static IReadOnlySet<Type> Of(Type type)
    {
        var found = new HashSet<Type>();
        AddDeclaration(type, found);
        foreach (var field in type.GetFields(All))
        {
            found.Add(field.FieldType);
            AddAttributes(field, found);
        }

        foreach (var property in type.GetProperties(All))
        {
            found.Add(property.PropertyType);
            AddAttributes(property, found);
        }

        foreach (var happening in type.GetEvents(All)) found.Add(happening.EventHandlerType!);
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All))) AddMethod(method, found);
        return found.SelectMany(TakeApart).ToHashSet();
    }

    private static void AddDeclaration(Type type, HashSet<Type> found)
    {
        if (type.BaseType is not null) found.Add(type.BaseType);
        found.UnionWith(type.GetInterfaces());
        found.UnionWith(type.GetGenericArguments().Where(a => a.IsGenericParameter).SelectMany(a => a.GetGenericParameterConstraints()));
        AddAttributes(type, found);
    }

    private static void AddMethod(MethodBase method, HashSet<Type> found)
    {
        AddAttributes(method, found);
        AddSignature(method, found);
        if (method.IsGenericMethodDefinition) found.UnionWith(method.GetGenericArguments().SelectMany(a => a.GetGenericParameterConstraints()));
        if (method.GetMethodBody() is not { } body) return;
        found.UnionWith(body.LocalVariables.Select(l => l.LocalType));
        found.UnionWith(body.ExceptionHandlingClauses.Where(c => c.Flags == ExceptionHandlingClauseOptions.Clause).Select(c => c.CatchType!));
        foreach (var member in Operands(method, body.GetILAsByteArray()!)) AddOperand(member, found);
    }

    private static void AddSignature(MethodBase method, HashSet<Type> found)
    {
        foreach (var parameter in method.GetParameters())
        {
            found.Add(parameter.ParameterType);
            found.UnionWith(parameter.CustomAttributes.Select(a => a.AttributeType));
        }

        if (method is MethodInfo { ReturnType: var result }) found.Add(result);
    }

    private static void AddOperand(MemberInfo member, HashSet<Type> found)
    {
        if (member.DeclaringType is { } owner) found.Add(owner);
        switch (member)
        {
            case Type mentioned:
                found.Add(mentioned);
                break;
            case FieldInfo field:
                found.Add(field.FieldType);
                break;
            case MethodBase called:
                AddSignature(called, found);
                if (called.IsGenericMethod) found.UnionWith(called.GetGenericArguments());
                break;
        }
    }

    private static void AddAttributes(MemberInfo member, HashSet<Type> found)
    {
        foreach (var attribute in member.CustomAttributes)
        {
            found.Add(attribute.AttributeType);
            found.UnionWith(attribute.ConstructorArguments.Concat(attribute.NamedArguments.Select(n => n.TypedValue)).Select(a => a.Value).OfType<Type>());
        }
    }

    private static IEnumerable<Type> TakeApart(Type type)
    {
        if (type.HasElementType) return TakeApart(type.GetElementType()!);
        if (type.IsGenericParameter) return [];
        if (type.IsFunctionPointer) return type.GetFunctionPointerParameterTypes().Append(type.GetFunctionPointerReturnType()).SelectMany(TakeApart);
        return type.IsGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(TakeApart)] : [type];
    }

    // ECMA-335 part III: an opcode of one octet, or of two of which the first is 0xFE, and an operand whose size the opcode tells.
    private static IEnumerable<MemberInfo> Operands(MethodBase method, byte[] il)
    {
        var (ofType, ofMethod) = (method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
        for (var at = 0; at < il.Length;)
        {
            var code = il[at] == 0xfe ? OpCodesByValue[(short)(0xfe00 | il[at + 1])] : OpCodesByValue[il[at]];
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
}
