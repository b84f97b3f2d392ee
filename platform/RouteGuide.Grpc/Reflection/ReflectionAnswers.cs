using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;

namespace Grpc.Reflection;

/// <summary>Answers questions about services. Written for v1; v1alpha is the same on the wire.</summary>
internal sealed class ReflectionAnswers(IEnumerable<string> services, SymbolRegistry registry)
{
    private readonly string[] _services = [.. services];

    /// <summary>Services with the files that declare them.</summary>
    public static ReflectionAnswers For(IEnumerable<ServiceDescriptor> services)
    {
        var all = services.ToArray();
        return new ReflectionAnswers(all.Select(s => s.FullName), SymbolRegistry.FromFiles(all.Select(s => s.File)));
    }

    public ServerReflectionResponse Answer(ServerReflectionRequest question)
    {
        var answer = new ServerReflectionResponse { ValidHost = question.Host, OriginalRequest = question };
        switch (question.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                answer.ListServicesResponse = new ListServiceResponse { Service = { _services.Select(name => new ServiceResponse { Name = name }) } };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                if (registry.FileByName(question.FileByFilename) is { } named) answer.FileDescriptorResponse = WithImports(named);
                else answer.ErrorResponse = Error(StatusCode.NotFound, "File not found.");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                if (registry.FileContainingSymbol(question.FileContainingSymbol) is { } declaring) answer.FileDescriptorResponse = WithImports(declaring);
                else answer.ErrorResponse = Error(StatusCode.NotFound, "Symbol not found.");
                break;
            default:
                answer.ErrorResponse = Error(StatusCode.Unimplemented, "Request type not supported by C# reflection service.");
                break;
        }

        return answer;
    }

    private static ErrorResponse Error(StatusCode code, string message) => new() { ErrorCode = (int)code, ErrorMessage = message };

    private static FileDescriptorResponse WithImports(FileDescriptor file)
    {
        var response = new FileDescriptorResponse();
        var seen = new HashSet<string>(StringComparer.Ordinal) { file.Name };
        var queue = new Queue<FileDescriptor>([file]);
        while (queue.TryDequeue(out var next))
        {
            response.FileDescriptorProto.Add(next.SerializedData);
            foreach (var import in next.Dependencies)
            {
                if (seen.Add(import.Name)) queue.Enqueue(import);
            }
        }

        return response;
    }
}
