using System.Buffers;
using System.Text;

namespace Aspire.Hosting.Execution;

/// <summary>Cuts what a process writes into lines, and changes nothing else.</summary>
internal static class LinePump
{
    /// <summary>A longer line is passed on in pieces: a process that never ends its line must not fill the app host.</summary>
    public const int MaxLine = 64 * 1024;

    private const int BufferSize = 8 * 1024;

    /// <summary>Reads to the end. Lines end with a line feed, or a carriage return and one; a last line need not end at all.</summary>
    public static async Task PumpAsync(Stream source, Func<string, ValueTask> onLine, CancellationToken cancellationToken)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(BufferSize);
        var characters = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(BufferSize));
        var decoder = Encoding.UTF8.GetDecoder();
        var line = new StringBuilder();
        try
        {
            int count;
            do
            {
                count = await source.ReadAsync(bytes.AsMemory(0, BufferSize), cancellationToken).ConfigureAwait(false);
                var decoded = decoder.GetChars(bytes, 0, count, characters, 0, flush: count == 0);
                for (var start = 0; start < decoded;)
                {
                    var end = Array.IndexOf(characters, '\n', start, decoded - start);
                    var stop = end < 0 ? decoded : end;
                    var take = Math.Min(stop - start, MaxLine - line.Length);
                    line.Append(characters, start, take);
                    start += take;
                    if (start == end) await EmitAsync(line, onLine, ended: true).ConfigureAwait(false);
                    else if (line.Length == MaxLine) await EmitAsync(line, onLine, ended: false).ConfigureAwait(false);
                    if (start == end) start++;
                }
            }
            while (count > 0);

            if (line.Length > 0) await EmitAsync(line, onLine, ended: false).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    private static ValueTask EmitAsync(StringBuilder line, Func<string, ValueTask> onLine, bool ended)
    {
        if (ended && line.Length > 0 && line[^1] == '\r') line.Length--;
        var text = line.ToString();
        line.Clear();
        return onLine(text);
    }
}
