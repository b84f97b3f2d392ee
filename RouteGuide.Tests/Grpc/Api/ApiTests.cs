using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Grpc.Net.Client;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Api;

/// <summary>
/// The public surface of the runtime. <c>official.txt</c> is the surface of the official packages as far as it is reproduced; <c>own.txt</c> is what there
/// is beyond it. A member that goes, changes or comes fails a test here, and the list that names it says what that means for others.
/// </summary>
public sealed class ApiTests
{
    private static readonly Assembly Runtime = typeof(GrpcChannel).Assembly;

    // Generated from public .proto files: their surface is that of the generator.
    private static readonly string[] Generated = ["Grpc.Health.V1", "Grpc.Reflection.V1", "Grpc.Reflection.V1Alpha", "Google.Rpc"];

    [Fact]
    public void The_public_surface_is_what_the_lists_say()
    {
        var listed = Read("official.txt").Concat(Read("own.txt")).ToArray();
        var actual = ApiSurface.Of(Runtime, type => !Generated.Contains(type.Namespace)).ToArray();

        var missing = listed.Except(actual).Select(line => $"- {line}");
        var unknown = actual.Except(listed).Select(line => $"+ {line}");
        Assert.Equal("", string.Join('\n', missing.Concat(unknown)));
        Assert.Equal(listed.Length, listed.Distinct().Count());
    }

    [Theory]
    [InlineData("RouteGuide.Server")]
    [InlineData("RouteGuide.Client")]
    [InlineData("RouteGuide.Interop")]
    [InlineData("RouteGuide.Balancer")]
    [InlineData("RouteGuide.ServiceDefaults", true)]
    [InlineData("RouteGuide.Protos", true)]
    public void Programs_use_nothing_that_the_official_packages_do_not_have(string assembly, bool isLibrary = false)
    {
        var official = Read("official.txt").Select(Key).ToHashSet(StringComparer.Ordinal);
        var path = !isLibrary ? Repository.Assembly(assembly) : Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll");

        var used = UsedOf(path, Runtime.GetName().Name!).Where(member => !Generated.Any(space => member.StartsWith(space + ".", StringComparison.Ordinal))).ToArray();

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(official));
    }

    private static string[] Read(string file) =>
        [.. File.ReadLines(Repository.File("RouteGuide.Tests", "Grpc", "Api", file)).Where(line => line.Length > 0 && !line.StartsWith('#'))];

    // "Grpc.Core.Metadata = sealed class …" is a type, "Grpc.Core.Metadata: void Add(string key, string value)" a member: reduced to type and name.
    private static string Key(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (line[space - 1] != ':') return line[..space];

        var type = line[..(space - 1)];
        var declaration = line[(space + 1)..].Replace("[]", "", StringComparison.Ordinal);
        if (declaration.StartsWith("new(", StringComparison.Ordinal) || declaration.StartsWith("protected new(", StringComparison.Ordinal)) return $"{type}..ctor";
        var end = declaration.IndexOfAny(['(', '{', '[', '=']);
        var name = (end < 0 ? declaration : declaration[..end]).TrimEnd();
        // The name of a generic method is followed by its parameters, which may have spaces between them.
        if (name.EndsWith('>')) name = name[..name.LastIndexOf('<')];
        return $"{type}.{name[(name.LastIndexOf(' ') + 1)..]}";
    }

    /// <summary>The types and members of another assembly that an assembly refers to, by type and name.</summary>
    private static SortedSet<string> UsedOf(string path, string other)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        var used = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var handle in reader.TypeReferences)
        {
            if (NameOf(reader, handle, other) is { } name) used.Add(name);
        }

        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (OwnerOf(reader, member.Parent, other) is not { } owner) continue;
            var name = reader.GetString(member.Name);
            foreach (var prefix in (string[])["get_", "set_"])
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal)) name = name[prefix.Length..];
            }

            // Delegates have these by nature.
            if (name is "Invoke" || (name is ".ctor" && IsDelegate(owner))) continue;
            used.Add($"{owner}.{name}");
        }

        return used;
    }

    private static bool IsDelegate(string name) =>
        Runtime.GetTypes().FirstOrDefault(t => ApiSurface.FullName(t) == name)?.IsSubclassOf(typeof(Delegate)) ?? false;

    private static string? OwnerOf(MetadataReader reader, EntityHandle parent, string other) => parent.Kind switch
    {
        HandleKind.TypeReference => NameOf(reader, (TypeReferenceHandle)parent, other),
        HandleKind.TypeSpecification => reader.GetTypeSpecification((TypeSpecificationHandle)parent).DecodeSignature(new GenericOwner(other), reader),
        _ => null,
    };

    private static string? NameOf(MetadataReader reader, TypeReferenceHandle handle, string other)
    {
        var type = reader.GetTypeReference(handle);
        var name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind switch
        {
            HandleKind.AssemblyReference when reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == other =>
                $"{reader.GetString(type.Namespace)}.{name}",
            HandleKind.TypeReference when NameOf(reader, (TypeReferenceHandle)type.ResolutionScope, other) is { } outer => $"{outer}.{name}",
            _ => null,
        };
    }

    /// <summary>Finds the generic type that a constructed one is made from.</summary>
    private sealed class GenericOwner(string other) : ISignatureTypeProvider<string?, MetadataReader>
    {
        public string? GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(reader, handle, other);

        public string? GetGenericInstantiation(string? genericType, System.Collections.Immutable.ImmutableArray<string?> typeArguments) => genericType;

        public string? GetArrayType(string? elementType, ArrayShape shape) => null;

        public string? GetByReferenceType(string? elementType) => null;

        public string? GetFunctionPointerType(MethodSignature<string?> signature) => null;

        public string? GetGenericMethodParameter(MetadataReader genericContext, int index) => null;

        public string? GetGenericTypeParameter(MetadataReader genericContext, int index) => null;

        public string? GetModifiedType(string? modifier, string? unmodifiedType, bool isRequired) => unmodifiedType;

        public string? GetPinnedType(string? elementType) => null;

        public string? GetPointerType(string? elementType) => null;

        public string? GetPrimitiveType(PrimitiveTypeCode typeCode) => null;

        public string? GetSZArrayType(string? elementType) => null;

        public string? GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => null;

        public string? GetTypeFromSpecification(MetadataReader reader, MetadataReader genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => null;
    }
}
