using Google.Protobuf.Reflection;

namespace Grpc.Reflection;

/// <summary>Finds the files that declare things, among some files and all that they import.</summary>
public class SymbolRegistry
{
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);

    private SymbolRegistry()
    {
    }

    /// <summary>Creates a registry of files and of all that they import.</summary>
    /// <param name="fileDescriptors">The files.</param>
    public static SymbolRegistry FromFiles(IEnumerable<FileDescriptor> fileDescriptors)
    {
        ArgumentNullException.ThrowIfNull(fileDescriptors);
        var registry = new SymbolRegistry();
        foreach (var file in fileDescriptors) registry.Add(file);
        return registry;
    }

    /// <summary>The file of a name as imports write it, or null.</summary>
    /// <param name="filename">The name, for example <c>google/protobuf/empty.proto</c>.</param>
    public FileDescriptor? FileByName(string filename) => _files.GetValueOrDefault(filename);

    /// <summary>The file that declares a message, field, enum, enum value, service, method or extension, or null.</summary>
    /// <param name="symbol">Its full name, without a leading dot.</param>
    public FileDescriptor? FileContainingSymbol(string symbol) => _symbols.GetValueOrDefault(symbol);

    private void Add(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file)) return;

        foreach (var message in file.MessageTypes) Add(message);
        foreach (var type in file.EnumTypes) Add(type);
        foreach (var extension in file.Extensions.UnorderedExtensions) Add((IDescriptor)extension);
        foreach (var service in file.Services)
        {
            Add((IDescriptor)service);
            foreach (var method in service.Methods) Add((IDescriptor)method);
        }

        foreach (var import in file.Dependencies) Add(import);
    }

    private void Add(MessageDescriptor message)
    {
        Add((IDescriptor)message);
        foreach (var field in message.Fields.InDeclarationOrder()) Add((IDescriptor)field);
        foreach (var extension in message.Extensions.UnorderedExtensions) Add((IDescriptor)extension);
        foreach (var type in message.EnumTypes) Add(type);
        foreach (var nested in message.NestedTypes) Add(nested);
    }

    private void Add(EnumDescriptor type)
    {
        Add((IDescriptor)type);
        foreach (var value in type.Values) Add((IDescriptor)value);
    }

    private void Add(IDescriptor symbol) => _symbols.TryAdd(symbol.FullName, symbol.File);
}
