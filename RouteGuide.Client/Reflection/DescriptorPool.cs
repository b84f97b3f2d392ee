using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace RouteGuide.Client.Reflection;

/// <summary>
/// What a server has told of its types, fetched as it is needed and kept. The server is not trusted: files may be missing, broken, import
/// each other in a circle or be without end, and each of these ends in an exception that names the file.
/// </summary>
internal sealed class DescriptorPool(ReflectionClient reflection)
{
    private const int MaxFiles = 2_000;
    private const long MaxBytes = 32 * 1024 * 1024;

    // What servers may leave out, since everyone has it.
    private static readonly Dictionary<string, FileDescriptor> BuiltIn = ((FileDescriptor[])
    [
        AnyReflection.Descriptor, ApiReflection.Descriptor, DurationReflection.Descriptor, EmptyReflection.Descriptor, FieldMaskReflection.Descriptor,
        SourceContextReflection.Descriptor, StructReflection.Descriptor, TimestampReflection.Descriptor, TypeReflection.Descriptor,
        WrappersReflection.Descriptor, FileDescriptorProto.Descriptor.File,
    ]).ToDictionary(file => file.Name);

    private readonly Dictionary<string, (FileDescriptorProto Proto, ByteString Bytes)> _files = new(StringComparer.Ordinal);
    private Dictionary<string, IDescriptor> _symbols = new(StringComparer.Ordinal);
    private long _bytes;

    public Task<IReadOnlyList<string>> ServicesAsync(CancellationToken cancellationToken) => reflection.ServicesAsync(cancellationToken);

    /// <summary>What is known so far under a full name, or null.</summary>
    public IDescriptor? Known(string symbol) => _symbols.GetValueOrDefault(symbol);

    /// <summary>The message type of a full name, if it is known so far.</summary>
    public MessageDescriptor? KnownMessage(string name) => Known(name) as MessageDescriptor ?? BuiltInMessage(name);

    /// <summary>What a full name stands for, or null where neither side knows it.</summary>
    /// <exception cref="ReflectionException">What the server tells cannot be used.</exception>
    /// <exception cref="Grpc.Core.RpcException">A call failed.</exception>
    public async Task<IDescriptor?> FindAsync(string symbol, CancellationToken cancellationToken)
    {
        if (Known(symbol) is { } known) return known;
        if (await reflection.FilesOfSymbolAsync(symbol, cancellationToken) is not { } files) return BuiltInMessage(symbol);
        Add(files);
        await AddImportsAsync(cancellationToken);
        Build();
        return Known(symbol) ?? throw new ReflectionException($"the server says that its files declare '{symbol}', and they do not.");
    }

    private static MessageDescriptor? BuiltInMessage(string name) => BuiltIn.Values.SelectMany(file => file.MessageTypes).FirstOrDefault(type => type.FullName == name);

    private void Add(IEnumerable<ByteString> files)
    {
        foreach (var bytes in files)
        {
            _bytes += bytes.Length;
            if (_files.Count >= MaxFiles || _bytes > MaxBytes) throw new ReflectionException($"the server's description is longer than {MaxFiles} files or {MaxBytes >> 20} MiB.");
            FileDescriptorProto proto;
            try
            {
                proto = FileDescriptorProto.Parser.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException problem)
            {
                throw new ReflectionException($"a file of the server's description cannot be read: {problem.Message}", problem);
            }

            if (proto.Syntax is not ("" or "proto2" or "proto3")) throw new ReflectionException($"'{proto.Name}' is written in '{proto.Syntax}'; proto2 and proto3 can be read.");
            _files.TryAdd(proto.Name, (proto, bytes));
        }
    }

    private async Task AddImportsAsync(CancellationToken cancellationToken)
    {
        // Each round asks for one file that was not there before, so that it ends with the limit on files at the latest.
        while (_files.Values.SelectMany(file => file.Proto.Dependency.Select(import => (File: file.Proto.Name, Import: import))).FirstOrDefault(pair => !_files.ContainsKey(pair.Import)) is { Import: { } missing } pair)
        {
            if (await reflection.FilesByNameAsync(missing, cancellationToken) is { } found) Add(found);
            else if (BuiltIn.TryGetValue(missing, out var known)) Add([known.SerializedData]);
            if (!_files.ContainsKey(missing)) throw new ReflectionException($"'{pair.File}' imports '{missing}', which the server does not have.");
        }
    }

    private void Build()
    {
        IReadOnlyList<FileDescriptor> built;
        try
        {
            built = FileDescriptor.BuildFromByteStrings(InOrder());
            var symbols = new SymbolTable();
            foreach (var file in built) symbols.Add(file);
            _symbols = symbols.Symbols;
        }
        catch (Exception problem) when (problem is DescriptorValidationException or ArgumentException or InvalidOperationException or InvalidProtocolBufferException
            or KeyNotFoundException or NullReferenceException or IndexOutOfRangeException or InvalidCastException or NotSupportedException)
        {
            // The library checks some of what may be wrong, and stumbles over the rest.
            throw new ReflectionException($"the server's description contradicts itself: {problem.Message}", problem);
        }
    }

    // Imports before those who import them.
    private List<ByteString> InOrder()
    {
        var ordered = new List<ByteString>();
        var states = new Dictionary<string, bool>(StringComparer.Ordinal); // False while a file's imports are visited, then true.
        var stack = new Stack<(string Name, int Next)>();
        foreach (var root in _files.Keys)
        {
            if (states.TryAdd(root, false)) stack.Push((root, 0));
            while (stack.TryPop(out var at))
            {
                var (proto, bytes) = _files[at.Name];
                if (at.Next == proto.Dependency.Count)
                {
                    states[at.Name] = true;
                    ordered.Add(bytes);
                    continue;
                }

                stack.Push((at.Name, at.Next + 1));
                var import = proto.Dependency[at.Next];
                if (states.TryAdd(import, false)) stack.Push((import, 0));
                else if (!states[import]) throw new ReflectionException($"'{at.Name}' imports '{import}', which imports it in turn.");
            }
        }

        return ordered;
    }
}
