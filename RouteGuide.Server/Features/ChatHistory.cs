using Grpc.Core;
using Routeguide;

namespace RouteGuide.Server.Features;

/// <summary>The notes of one RouteChat call, by location. Bounded in number and in bytes: the peer decides how many it sends.</summary>
internal sealed class ChatHistory(int maxNotes, long maxBytes)
{
    private readonly Dictionary<(int, int), List<RouteNote>> _notes = [];
    private int _count;
    private long _bytes;

    /// <summary>Stores a note and returns those that came before it at the same location, in order.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the call has stored all it may.</exception>
    public ArraySegment<RouteNote> Add(RouteNote note)
    {
        if (_count >= maxNotes) throw Exhausted($"a chat may store {maxNotes} notes");
        var size = note.CalculateSize();
        if (_bytes + size > maxBytes) throw Exhausted($"a chat may store {maxBytes} bytes of notes");

        var key = note.Location.Key();
        if (!_notes.TryGetValue(key, out var here)) _notes[key] = here = [];
        RouteNote[] earlier = [.. here];
        here.Add(note);
        _count++;
        _bytes += size;
        return earlier;
    }

    private static RpcException Exhausted(string limit) => new(new Status(StatusCode.ResourceExhausted, limit));
}
