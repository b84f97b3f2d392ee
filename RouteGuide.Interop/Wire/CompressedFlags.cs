using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace RouteGuide.Interop.Wire;

/// <summary>
/// The compressed flags of the messages in a body, in their order. No gRPC library tells its application whether a message came compressed,
/// and the compression cases ask for exactly that; so the frames are looked at as they go by.
/// </summary>
internal sealed class CompressedFlags
{
    private const int PrefixSize = 5;

    private readonly ConcurrentQueue<bool> _seen = new();
    private readonly byte[] _prefix = new byte[PrefixSize];
    private int _prefixLength;
    private uint _payloadLeft;

    /// <summary>Whether the next message came compressed; null if no further message was seen.</summary>
    public bool? Next() => _seen.TryDequeue(out var isCompressed) ? isCompressed : null;

    /// <summary>Looks at the next bytes of the body. Not from two threads at once.</summary>
    public void See(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var skipped = (int)Math.Min(_payloadLeft, (uint)bytes.Length);
                _payloadLeft -= (uint)skipped;
                bytes = bytes[skipped..];
                continue;
            }

            var taken = Math.Min(PrefixSize - _prefixLength, bytes.Length);
            bytes[..taken].CopyTo(_prefix.AsSpan(_prefixLength));
            bytes = bytes[taken..];
            _prefixLength += taken;
            if (_prefixLength < PrefixSize) return;

            _prefixLength = 0;
            _payloadLeft = BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1));
            _seen.Enqueue(_prefix[0] == 1);
        }
    }
}
