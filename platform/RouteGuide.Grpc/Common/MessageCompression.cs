using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Net.Compression;

namespace Grpc.Internal;

/// <summary>Compresses and decompresses single messages, without their prefix.</summary>
internal static class MessageCompression
{
    private const int ReadStep = 4096;

    public static void Compress(ICompressionProvider provider, CompressionLevel? level, in ReadOnlySequence<byte> message, IBufferWriter<byte> output)
    {
        using var target = new BufferWriterStream(output);
        using var compressing = provider.CreateCompressionStream(target, level);
        foreach (var segment in message) compressing.Write(segment.Span);
    }

    /// <summary>
    /// Decompresses a message; false as soon as it exceeds <paramref name="maxSize"/> bytes (null: what an array can hold),
    /// so that a small frame cannot unfold into more memory than an uncompressed message could claim.
    /// </summary>
    /// <exception cref="InvalidDataException">The data is not in the provider's format, or ends early.</exception>
    public static bool TryDecompress(ICompressionProvider provider, in ReadOnlySequence<byte> message, int? maxSize, PooledBuffer output)
    {
        // What other implementations make of nothing has octets; what .NET makes of it has none.
        if (message.IsEmpty) return true;

        var limit = Math.Min(maxSize ?? Array.MaxLength, Array.MaxLength);
        using var source = PipeReader.Create(message).AsStream();
        using var decompressing = provider.CreateDecompressionStream(source);
        while (true)
        {
            // One byte more than allowed is asked for, to see whether it exists.
            var room = (long)limit - output.Length + 1;
            if (room <= 0) return false;
            var span = output.GetSpan((int)Math.Min(ReadStep, room));
            if (span.Length > room) span = span[..(int)room];
            var read = decompressing.Read(span);
            if (read == 0) return true;
            output.Advance(read);
        }
    }
}
