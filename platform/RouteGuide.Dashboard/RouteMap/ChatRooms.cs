using System.Collections.Concurrent;
using System.Security.Cryptography;
using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.RouteMap;

internal sealed record ChatRequest(string Name, string? Room = null);

internal sealed record ChatEntered(string Window, string Room);

internal sealed record NoteRequest(int Latitude, int Longitude, string Message);

/// <summary>Who chats where. A window whose stream has gone and does not come back is forgotten.</summary>
/// <param name="channel">Leads to the service.</param>
/// <param name="palette">The replicas' colours.</param>
/// <param name="time">The clock.</param>
internal sealed class ChatRooms(RouteChannel channel, Palette palette, TimeProvider time)
{
    public const int MaxMessage = 500;
    private const string DefaultRoom = "main";
    private const int MaxName = 40;
    private const int MaxWindows = 200;
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, Presence> _windows = new();
    private readonly Dictionary<string, ChatRoom> _rooms = [];

    /// <exception cref="ProblemException">A name cannot be used, or there are too many windows.</exception>
    public ChatEntered Enter(ChatRequest request)
    {
        var name = Checked("name", request.Name);
        var room = Checked("room", request.Room is { Length: > 0 } wanted ? wanted : DefaultRoom);
        lock (_lock)
        {
            foreach (var (id, absent) in _windows.Where(window => window.Value.IsGone(time, Absence))) Remove(id, absent);
            if (_windows.Count >= MaxWindows) throw new ProblemException(StatusCodes.Status503ServiceUnavailable, "Too many windows", $"{MaxWindows} windows chat already.");
            if (!_rooms.TryGetValue(room, out var entered)) _rooms[room] = entered = new ChatRoom(room, channel, palette, time);
            var window = new ChatWindow(RandomNumberGenerator.GetHexString(16, lowercase: true), name);
            _windows[window.Window] = new Presence(window, room, entered, time.GetTimestamp(), entered.Last);
            entered.Enter(window);
            return new ChatEntered(window.Window, room);
        }
    }

    /// <exception cref="ProblemException">There is no such window.</exception>
    public Presence Find(string window) => _windows.TryGetValue(window, out var found) ? found : throw ProblemException.Missing($"There is no window '{window}' (any more): enter the room again.");

    public void Leave(string window)
    {
        lock (_lock)
        {
            if (_windows.TryGetValue(window, out var found)) Remove(window, found);
        }
    }

    /// <summary>Forgets a window if its stream does not come back.</summary>
    public async Task LeaveUnlessBack(string window)
    {
        await Task.Delay(Absence, time);
        if (_windows.TryGetValue(window, out var found) && found.IsGone(time, Absence)) Leave(window);
    }

    private static string Checked(string what, string text)
    {
        var trimmed = text.Trim();
        return trimmed.Length is >= 1 and <= MaxName && !trimmed.Any(c => c == ':' || char.IsControl(c)) ? trimmed : throw ProblemException.Bad($"{what}: '{text}' is not 1 to {MaxName} characters without colons and control characters.");
    }

    private void Remove(string id, Presence window)
    {
        _windows.TryRemove(id, out _);
        window.Room.Leave(id);
        if (window.Room.IsEmpty) _rooms.Remove(window.RoomName);
    }

    /// <summary>A window in a room.</summary>
    internal sealed class Presence(ChatWindow window, string roomName, ChatRoom room, long since, long seen)
    {
        private long _away = since;
        private int _streams;

        public ChatWindow Window => window;

        public string RoomName => roomName;

        public ChatRoom Room => room;

        /// <summary>The number of the last event that it got.</summary>
        public long Seen { get; set; } = seen;

        public void Attach() => Interlocked.Increment(ref _streams);

        public void Detach(TimeProvider time)
        {
            Volatile.Write(ref _away, time.GetTimestamp());
            Interlocked.Decrement(ref _streams);
        }

        public bool IsGone(TimeProvider time, TimeSpan absence) => Volatile.Read(ref _streams) == 0 && time.GetElapsedTime(Volatile.Read(ref _away)) >= absence;
    }
}

/// <summary>What is said in a window's room.</summary>
/// <param name="rooms">The rooms.</param>
/// <param name="time">The clock.</param>
internal sealed class ChatTopic(ChatRooms rooms, TimeProvider time) : ITopic
{
    public string Name => "chat";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query)
    {
        var window = rooms.Find(query["window"].ToString());
        return (writer, cancellationToken) => Run(window, writer, cancellationToken);
    }

    private async Task Run(ChatRooms.Presence window, TopicWriter writer, CancellationToken cancellationToken)
    {
        window.Attach();
        try
        {
            await writer.Send<object>(window.Room.State(), cancellationToken);
            while (true)
            {
                var next = window.Room.Changed.Next;
                var (events, last) = window.Room.After(window.Seen);
                foreach (var happened in events) await writer.Send(happened, cancellationToken);
                window.Seen = last;
                await next.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            window.Detach(time);
            _ = rooms.LeaveUnlessBack(window.Window.Window);
        }
    }
}

/// <summary>Entering a room, writing into it, and leaving it.</summary>
internal static class ChatEndpoints
{
    public static void MapChat(this IEndpointRouteBuilder app)
    {
        app.MapPost("/api/route/chat", (ChatRequest request, ChatRooms rooms) => rooms.Enter(request));
        app.MapPost("/api/route/chat/{window}/notes", (string window, NoteRequest note, ChatRooms rooms) =>
        {
            if (note.Message.Length is < 1 or > ChatRooms.MaxMessage) throw ProblemException.Bad($"message: it has {note.Message.Length} characters, not 1 to {ChatRooms.MaxMessage}.");
            var from = rooms.Find(window);
            from.Room.Send(from.Window, new GeoPoint(note.Latitude, note.Longitude), note.Message);
            return Results.Accepted();
        });
        app.MapDelete("/api/route/chat/{window}", (string window, ChatRooms rooms) =>
        {
            rooms.Leave(window);
            return Results.NoContent();
        });
    }
}
