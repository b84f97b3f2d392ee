using System.Runtime.CompilerServices;
using System.Text;
using Google.Protobuf.Reflection;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Dynamic;
using RouteGuide.Client.Reflection;

namespace RouteGuide.Client.Calls;

/// <summary>The messages that a call sends, out of JSON from the command line, a file or standard input, one by one as they arrive.</summary>
internal sealed class RequestSource(string? data, DescriptorPool pool, Func<Stream> openInput)
{
    /// <exception cref="UsageException">The file cannot be read.</exception>
    /// <exception cref="JsonInputException">A document is no such message.</exception>
    public async IAsyncEnumerable<byte[]> ReadAsync(MessageDescriptor type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (data is null) yield break;
        await using var source = Open();
        await foreach (var document in JsonDocuments.Cut(source, cancellationToken))
        {
            yield return WireWriter.Write(await ParseAsync(document, type, cancellationToken));
        }
    }

    private async Task<DynamicMessage> ParseAsync(JsonDocumentText document, MessageDescriptor type, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return JsonMessageReader.Read(document.Text.Span, type, pool.KnownMessage, document.LinesBefore);
            }
            catch (JsonInputException problem) when (problem.UnknownType is not null)
            {
                // Once the server has described it, it is known and this does not come again.
                if (await pool.FindAsync(problem.UnknownType, cancellationToken) is not MessageDescriptor) throw;
            }
        }
    }

    private Stream Open()
    {
        if (data == "-") return openInput();
        if (data is not ['@', .. var path]) return new MemoryStream(Encoding.UTF8.GetBytes(data!));
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--data: '{path}' cannot be read: {error.Message}", error);
        }
    }
}
