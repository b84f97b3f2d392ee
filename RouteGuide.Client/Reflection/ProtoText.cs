using System.Globalization;
using System.Text;
using Google.Protobuf.Reflection;
using RouteGuide.Client.Dynamic;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Reflection;

/// <summary>Writes declarations as a .proto file would have them. Comments do not travel with descriptors.</summary>
internal sealed class ProtoText
{
    private readonly StringBuilder _text = new();
    private int _depth;

    public static string Of(IDescriptor symbol)
    {
        var text = new ProtoText();
        text.Write(symbol);
        return text._text.ToString();
    }

    private void Write(IDescriptor symbol)
    {
        switch (symbol)
        {
            case ServiceDescriptor service: Write(service); break;
            case MethodDescriptor method: Line(Rpc(method)); break;
            case MessageDescriptor message: Write(message); break;
            case EnumDescriptor type: Write(type); break;
            case FieldDescriptor field: Line(Field(field)); break;
            case OneofDescriptor oneof: Write(oneof); break;
            case EnumValueDescriptor value: Line($"{value.Name} = {value.Number};"); break;
            default: throw new ArgumentException($"{symbol.FullName} is of no kind that is known here.", nameof(symbol));
        }
    }

    private void Write(ServiceDescriptor service) => Block($"service {service.Name}", () =>
    {
        foreach (var method in service.Methods) Line(Rpc(method));
    });

    private void Write(MessageDescriptor message) => Block($"message {message.Name}", () =>
    {
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            if (field.RealContainingOneof is not { } oneof) Line(Field(field));
            else if (oneof.Fields[0] == field) Write(oneof);
        }

        // A map's entry and a group are written with the field that they belong to.
        foreach (var type in message.NestedTypes.Where(type => !IsMapEntry(message, type))) Write(type);
        foreach (var type in message.EnumTypes) Write(type);
    });

    private void Write(OneofDescriptor oneof) => Block($"oneof {oneof.Name}", () =>
    {
        foreach (var field in oneof.Fields) Line(Field(field));
    });

    private void Write(EnumDescriptor type) => Block($"enum {type.Name}", () =>
    {
        foreach (var value in type.Values) Line($"{value.Name} = {value.Number};");
    });

    private static bool IsMapEntry(MessageDescriptor message, MessageDescriptor type) => message.Fields.InDeclarationOrder().Any(field => field.IsMap && field.MessageType == type);

    private static string Rpc(MethodDescriptor method) =>
        $"rpc {method.Name}({(method.IsClientStreaming ? "stream " : "")}{method.InputType.FullName}) returns ({(method.IsServerStreaming ? "stream " : "")}{method.OutputType.FullName});";

    private static string Field(FieldDescriptor field)
    {
        var isOptional = field.HasPresence && field.ContainingOneof is { } oneof && field.RealContainingOneof != oneof;
        var label = field.IsMap ? "" : field.IsRepeated ? "repeated " : field.IsRequired ? "required " : isOptional ? "optional " : "";
        var type = field.IsMap ? $"map<{Type(field.MessageType.FindFieldByNumber(1))}, {Type(field.MessageType.FindFieldByNumber(2))}>" : Type(field);
        return $"{label}{type} {field.Name} = {field.FieldNumber};";
    }

    private static string Type(FieldDescriptor field) => FieldKind.Of(field) switch
    {
        FieldType.Message => field.MessageType.FullName,
        FieldType.Group => $"group {field.MessageType.FullName}",
        FieldType.Enum => field.EnumType.FullName,
        var scalar => scalar.ToString().ToLowerInvariant(),
    };

    private void Block(string head, Action body)
    {
        Line($"{head} {{");
        _depth++;
        body();
        _depth--;
        Line("}");
    }

    private void Line(string text) => _text.Append(CultureInfo.InvariantCulture, $"{new string(' ', _depth * 2)}{Printable.Escape(text)}\n");
}
