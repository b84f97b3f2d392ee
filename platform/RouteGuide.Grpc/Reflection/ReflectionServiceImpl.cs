using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;

namespace Grpc.Reflection;

/// <summary>The reflection service under its first name, <c>grpc.reflection.v1alpha</c>.</summary>
public class ReflectionServiceImpl : ServerReflection.ServerReflectionBase
{
    private readonly ReflectionAnswers _answers;

    /// <summary>Creates the service.</summary>
    /// <param name="services">The full names of the services that it lists.</param>
    /// <param name="symbolRegistry">What it knows of them.</param>
    public ReflectionServiceImpl(IEnumerable<string> services, SymbolRegistry symbolRegistry) => _answers = new ReflectionAnswers(services, symbolRegistry);

    /// <summary>Creates the service.</summary>
    /// <param name="serviceDescriptors">The services that it lists, and knows the files of.</param>
    public ReflectionServiceImpl(IEnumerable<ServiceDescriptor> serviceDescriptors) => _answers = ReflectionAnswers.For(serviceDescriptors);

    /// <summary>Creates the service.</summary>
    /// <param name="serviceDescriptors">The services that it lists, and knows the files of.</param>
    public ReflectionServiceImpl(params ServiceDescriptor[] serviceDescriptors)
        : this((IEnumerable<ServiceDescriptor>)serviceDescriptors)
    {
    }

    /// <summary>Answers one question after the other.</summary>
    /// <param name="requestStream">The questions.</param>
    /// <param name="responseStream">Where the answers go.</param>
    /// <param name="context">The call.</param>
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(requestStream);
        ArgumentNullException.ThrowIfNull(responseStream);
        while (await requestStream.MoveNext(CancellationToken.None))
        {
            // The two versions have the same messages under two names.
            var question = V1.ServerReflectionRequest.Parser.ParseFrom(requestStream.Current.ToByteString());
            await responseStream.WriteAsync(ServerReflectionResponse.Parser.ParseFrom(_answers.Answer(question).ToByteString()));
        }
    }
}
