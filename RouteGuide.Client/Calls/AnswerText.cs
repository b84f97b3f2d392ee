using Google.Protobuf.Reflection;
using RouteGuide.Client.Dynamic;
using RouteGuide.Client.Reflection;
using RouteGuide.Client.Scenario;

namespace RouteGuide.Client.Calls;

/// <summary>Turns the bytes of answers into JSON, and asks the server about types that it meets in an Any.</summary>
internal sealed class AnswerText(DescriptorPool pool, MessageDescriptor type, bool emitDefaults, bool indented)
{
    // An Any may hold an Any of yet another type. Who nests them deeper has the rest shown as bytes.
    private const int MaxRounds = 8;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <exception cref="UnexpectedAnswerException">The bytes are no message of the type.</exception>
    public async Task<string> OfAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        DynamicMessage message;
        try
        {
            message = WireReader.Read(type, bytes);
        }
        catch (InvalidDataException problem)
        {
            throw new UnexpectedAnswerException($"the server's answer is no {type.FullName}: {problem.Message}.");
        }

        for (var round = 0; ; round++)
        {
            var writer = new JsonMessageWriter(pool.KnownMessage, emitDefaults, indented);
            var text = writer.Write(message);
            var unknown = writer.UnknownTypes.Where(_asked.Add).Take(MaxRounds).ToList();
            if (unknown.Count == 0 || round == MaxRounds) return text;
            foreach (var name in unknown) await TryFindAsync(name, cancellationToken);
        }
    }

    private async Task TryFindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await pool.FindAsync(name, cancellationToken);
        }
        catch (ReflectionException)
        {
            // What the server does not describe is shown as the bytes that it is; the rest of the answer can be read.
        }
    }
}
