using System.Reflection;
using System.Runtime.CompilerServices;

namespace RouteGuide.Tests.Grpc.Api;

/// <summary>Writes what is public in an assembly, one line for each type and member, in an order and a notation that only changes when the surface does.</summary>
internal static class ApiSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
    };

    public static IEnumerable<string> Of(Assembly assembly, Func<Type, bool> isWanted) => assembly.GetTypes()
        .Where(type => IsSeen(type) && isWanted(type))
        .SelectMany(Lines)
        .Order(StringComparer.Ordinal);

    /// <summary>For example <c>Grpc.Core.Metadata.Entry</c>, <c>Grpc.Core.Method`2</c>.</summary>
    public static string FullName(Type type) => type.DeclaringType is { } outer ? $"{FullName(outer)}.{type.Name}" : $"{type.Namespace}.{type.Name}";

    private static bool IsSeen(Type type) =>
        (type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsSeen(type.DeclaringType!)))
        && !type.IsDefined(typeof(CompilerGeneratedAttribute), false);

    private static IEnumerable<string> Lines(Type type)
    {
        var name = FullName(type);
        yield return $"{name} = {Declare(type)}";
        if (type.IsSubclassOf(typeof(Delegate)) || type.IsEnum) yield break;

        var isSealed = type.IsSealed;
        foreach (var member in type.GetMembers(Declared))
        {
            if (member.IsDefined(typeof(CompilerGeneratedAttribute), false) && member is not ConstructorInfo) continue;
            if (Describe(member, isSealed) is { } text) yield return $"{name}: {text}";
        }
    }

    private static string Declare(Type type)
    {
        if (type.IsEnum) return $"enum {{ {string.Join(", ", Enum.GetNames(type).Select(n => $"{n} = {Convert.ToInt32(Enum.Parse(type, n), System.Globalization.CultureInfo.InvariantCulture)}"))} }}";
        if (type.IsSubclassOf(typeof(Delegate))) return $"delegate {Signature(type.GetMethod("Invoke")!, "")}{Constraints(type.GetGenericArguments())}";
        var kind = type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsSealed ? "sealed class" : type.IsAbstract ? "abstract class" : "class";
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var bases = new[] { type.BaseType }.Where(b => b is not null && b != typeof(object) && b != typeof(ValueType))
            .Concat(type.GetInterfaces().Except(inherited).Where(i => i.IsPublic && !type.GetInterfaces().Any(other => other != i && other.GetInterfaces().Contains(i))).OrderBy(i => i.Name, StringComparer.Ordinal))
            .Select(b => Write(b!));
        return $"{kind}{string.Concat(bases.Select((b, i) => $"{(i == 0 ? " : " : ", ")}{b}"))}{Constraints(type.GetGenericArguments())}";
    }

    private static string? Describe(MemberInfo member, bool isSealed) => member switch
    {
        ConstructorInfo { IsStatic: false } c when IsSeen(c, isSealed) => $"{Access(c)}new({Parameters(c)})",
        MethodInfo { IsSpecialName: false } m when IsSeen(m, isSealed) && !IsNoise(m) => $"{Access(m)}{Modifiers(m)}{Signature(m, m.Name)}{Constraints(m.GetGenericArguments())}",
        PropertyInfo p => Property(p, isSealed),
        FieldInfo f when f.IsPublic || (!isSealed && (f.IsFamily || f.IsFamilyOrAssembly)) => $"{(f.IsLiteral ? "const " : f.IsStatic ? "static " : "")}{Write(f.FieldType)} {f.Name}{(f.IsLiteral ? $" = {f.GetRawConstantValue()}" : "")}",
        _ => null,
    };

    private static string? Property(PropertyInfo property, bool isSealed)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(a => IsSeen(a, isSealed)).ToArray();
        if (accessors.Length == 0) return null;
        var first = accessors[0];
        var index = property.GetIndexParameters() is { Length: > 0 } p ? $"[{string.Join(", ", p.Select(i => $"{Write(i.ParameterType)} {i.Name}"))}]" : "";
        var nullable = new NullabilityInfoContext().Create(property);
        var mark = property.PropertyType.IsValueType || property.PropertyType.IsGenericParameter || nullable.ReadState != NullabilityState.Nullable ? "" : "?";
        var set = accessors.FirstOrDefault(a => a == property.SetMethod);
        return $"{Access(first)}{Modifiers(first)}{Write(property.PropertyType)}{mark} {property.Name}{index} {{{(accessors.Contains(property.GetMethod) ? " get;" : "")}{(set is null ? "" : " set;")} }}";
    }

    private static bool IsSeen(MethodBase method, bool isSealed) => method.IsPublic || (!isSealed && (method.IsFamily || method.IsFamilyOrAssembly));

    // What every type has.
    private static bool IsNoise(MethodInfo method) => method.Name is "Equals" or "GetHashCode" or "PrintMembers" or "<Clone>$" || (method.Name == "ToString" && method.DeclaringType!.IsAbstract);

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Modifiers(MethodInfo method)
    {
        if (method.IsStatic) return "static ";
        if (method.DeclaringType!.IsInterface) return "";
        if (method.IsAbstract) return "abstract ";
        if (!method.IsVirtual) return "";
        if (method.GetBaseDefinition() != method) return method.IsFinal ? "sealed override " : "override ";
        return method.IsFinal ? "" : "virtual ";
    }

    private static string Signature(MethodInfo method, string name)
    {
        var generics = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
        var extension = method.IsDefined(typeof(ExtensionAttribute), false) ? "this " : "";
        return $"{Write(method.ReturnType)}{Mark(method.ReturnParameter)} {name}{generics}({extension}{Parameters(method)})";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        $"{(p.IsDefined(typeof(ParamArrayAttribute), false) ? "params " : p.IsOut ? "out " : "")}{Write(p.ParameterType)}{Mark(p)} {p.Name}{(p.HasDefaultValue ? $" = {Default(p)}" : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null",
        bool value => value ? "true" : "false",
        var value => $"{value}",
    };

    private static string Mark(ParameterInfo parameter) =>
        parameter.ParameterType.IsValueType || parameter.ParameterType.IsGenericParameter || new NullabilityInfoContext().Create(parameter).ReadState != NullabilityState.Nullable ? "" : "?";

    private static string Constraints(Type[] arguments) => string.Concat(arguments.Where(a => a.IsGenericParameter).Select(a =>
    {
        List<string> parts = [];
        if (a.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) parts.Add("class");
        parts.AddRange(a.GetGenericParameterConstraints().Where(c => c != typeof(ValueType)).Select(Write));
        if (a.GenericParameterAttributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint)) parts.Add("new()");
        return parts.Count == 0 ? "" : $" where {a.Name} : {string.Join(", ", parts)}";
    }));

    private static string Write(Type type)
    {
        if (type.IsByRef) return Write(type.GetElementType()!);
        if (type.IsArray) return $"{Write(type.GetElementType()!)}[]";
        if (Nullable.GetUnderlyingType(type) is { } value) return $"{Write(value)}?";
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        var name = type.IsNested && !type.IsGenericParameter ? $"{Short(type.DeclaringType!)}.{Short(type)}" : Short(type);
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Write))}>" : name;
    }

    private static string Short(Type type) => type.Name.IndexOf('`', StringComparison.Ordinal) is > 0 and var tick ? type.Name[..tick] : type.Name;
}
