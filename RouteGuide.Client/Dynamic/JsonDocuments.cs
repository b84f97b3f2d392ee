using System.Runtime.CompilerServices;

namespace RouteGuide.Client.Dynamic;

/// <summary>One document of a text that has several, and how many lines stand in front of it.</summary>
internal sealed record JsonDocumentText(ReadOnlyMemory<byte> Text, long LinesBefore);

/// <summary>
/// Cuts a text into its JSON documents as they arrive, so that a stream can be fed by hand. It looks at brackets and quotes alone;
/// whether what is between them is JSON is the reader's business.
/// </summary>
internal static class JsonDocuments
{
    /// <summary>The longest document in bytes. A message of gRPC has 4 MiB unless told otherwise, and JSON is a few times longer.</summary>
    public const int MaxLength = 64 * 1024 * 1024;

    /// <exception cref="JsonInputException">A document is longer than <see cref="MaxLength"/>.</exception>
    public static async IAsyncEnumerable<JsonDocumentText> Cut(Stream source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var (start, scanned, end) = (0, 0, 0);
        long lines = 0;
        var cutter = new Cutter();
        while (true)
        {
            for (; scanned < end; scanned++)
            {
                var action = cutter.Feed(buffer[scanned]);
                if (action == Step.Skip)
                {
                    if (buffer[scanned] == '\n') lines++;
                    start = scanned + 1;
                }
                else if (action != Step.Keep)
                {
                    // A number or a word ends in front of what cannot belong to it.
                    var next = action == Step.EndAfter ? scanned + 1 : scanned;
                    var document = new JsonDocumentText(buffer.AsSpan(start..next).ToArray(), lines);
                    lines += document.Text.Span.Count((byte)'\n');
                    start = next;
                    scanned = next - 1;
                    yield return document;
                }
            }

            if (start > 0)
            {
                buffer.AsSpan(start..end).CopyTo(buffer);
                (scanned, end, start) = (scanned - start, end - start, 0);
            }

            if (end == buffer.Length)
            {
                if (end >= MaxLength) throw new JsonInputException($"line {lines + 1}, column 1: the document is longer than {MaxLength >> 20} MiB.");
                Array.Resize(ref buffer, end * 2);
            }

            var read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken);
            if (read == 0) break;
            end += read;
        }

        if (end > 0) yield return new JsonDocumentText(buffer.AsMemory(0, end), lines);
    }

    private enum Step
    {
        /// <summary>Between documents.</summary>
        Skip,

        /// <summary>Part of a document that goes on.</summary>
        Keep,

        /// <summary>The last byte of a document.</summary>
        EndAfter,

        /// <summary>The first byte after one.</summary>
        EndBefore,
    }

    private sealed class Cutter
    {
        private int _depth;
        private bool _inString;
        private bool _escaped;
        private bool _inWord;

        public Step Feed(byte b)
        {
            if (_inString) return InString(b);
            var isSpace = b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
            if (_inWord)
            {
                if (!isSpace && b is not ((byte)'{' or (byte)'[' or (byte)'"')) return Step.Keep;
                _inWord = false;
                return Step.EndBefore;
            }

            switch (b)
            {
                case (byte)'"':
                    _inString = true;
                    return Step.Keep;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    return Step.Keep;
                case (byte)'}' or (byte)']':
                    _depth = Math.Max(0, _depth - 1);
                    return _depth == 0 ? Step.EndAfter : Step.Keep;
                default:
                    if (_depth > 0) return Step.Keep;
                    if (isSpace) return Step.Skip;
                    _inWord = true;
                    return Step.Keep;
            }
        }

        private Step InString(byte b)
        {
            if (_escaped) _escaped = false;
            else if (b == '\\') _escaped = true;
            else if (b == '"')
            {
                _inString = false;
                if (_depth == 0) return Step.EndAfter;
            }

            return Step.Keep;
        }
    }
}
