using System.Buffers.Binary;

namespace RouteGuide.Bench.Backend;

/// <summary>
/// What a call asks for: so many messages of so many octets. It travels in the request's own message, so that the backend need not
/// decode a header to know what to answer.
/// </summary>
/// <param name="Messages">1 and up.</param>
/// <param name="MessageSize">Octets of each without the five of its gRPC prefix.</param>
internal readonly record struct CallShape(int Messages, int MessageSize)
{
    public const int PrefixSize = 5;

    /// <summary>The request's body: the prefix and a message of 10 octets, of which 8 are the shape.</summary>
    public const int RequestSize = PrefixSize + 10;

    /// <summary>Larger shapes than the comparison's own are refused: they would come from a mistake.</summary>
    private const long MaxResponse = 64 << 20;

    /// <summary>A reply of 80 octets.</summary>
    public static CallShape Unary { get; } = new(1, 75);

    /// <summary>A thousand messages of 1 KiB.</summary>
    public static CallShape Stream { get; } = new(1000, 1024);

    /// <summary>One message of 1 MiB.</summary>
    public static CallShape Body { get; } = new(1, 1 << 20);

    /// <summary>Octets of the response's DATA, prefixes included, framing not.</summary>
    public long ResponseSize => (long)Messages * (PrefixSize + (long)MessageSize);

    public byte[] ToRequest()
    {
        var request = new byte[RequestSize];
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(1), RequestSize - PrefixSize);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(5), Messages);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(9), MessageSize);
        return request;
    }

    /// <summary>Reads a request's body; false if it is no such request.</summary>
    public static bool TryRead(ReadOnlySpan<byte> request, out CallShape shape)
    {
        shape = default;
        if (request.Length < RequestSize) return false;
        shape = new CallShape(BinaryPrimitives.ReadInt32BigEndian(request[5..]), BinaryPrimitives.ReadInt32BigEndian(request[9..]));
        return shape is { Messages: >= 1, MessageSize: >= 0 } && shape.ResponseSize <= MaxResponse;
    }
}
