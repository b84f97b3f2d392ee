using System.Threading.Channels;
using Grpc.Core;
using Routeguide;
using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.RouteMap;

/// <summary>Somebody in a room: one window of a browser.</summary>
internal sealed record ChatWindow(string Window, string Name);

/// <summary>How it stands with a room.</summary>
internal sealed record ChatState(string Type, string Room, bool Open, string? Replica, int Color, IReadOnlyList<ChatWindow> Windows, string? Message);

internal sealed record ChatNote(string Type, string Window, string Name, GeoPoint Location, string Message, string Time);

internal sealed record ChatAnswer(string Type, string To, string? Name, GeoPoint Location, string Message, string Time, string? Replica);

internal sealed record ChatEnd(string Type, string Status, string Message);

/// <summary>
/// A room: one RouteChat call that several windows share, for the service answers a note with those that the same call has received before
/// at the place. Its events are numbered; each window remembers which it has got.
/// </summary>
/// <param name="name">The room.</param>
/// <param name="channel">Leads to the service.</param>
/// <param name="palette">The replicas' colours.</param>
/// <param name="time">The clock.</param>
internal sealed class ChatRoom(string name, RouteChannel channel, Palette palette, TimeProvider time)
{
    private const int MaxEvents = 500;
    private const int MaxUnsent = 100;

    private readonly Lock _lock = new();
    private readonly List<(long Number, object Event)> _events = [];
    private readonly Dictionary<string, ChatWindow> _windows = [];
    private Call? _call;
    private long _last;
    private string? _replica;
    private string? _message;

    public Pulse Changed { get; } = new();

    public bool IsEmpty
    {
        get
        {
            lock (_lock) return _windows.Count == 0;
        }
    }

    /// <summary>The number of the newest event.</summary>
    public long Last
    {
        get
        {
            lock (_lock) return _last;
        }
    }

    public ChatState State()
    {
        lock (_lock) return new ChatState("state", name, _call is not null, _replica, RouteEndpoints.ColorOf(palette, _replica), [.. _windows.Values], _message);
    }

    /// <summary>The events after a number.</summary>
    public (IReadOnlyList<object> Events, long Last) After(long number)
    {
        lock (_lock) return ([.. _events.Where(happened => happened.Number > number).Select(happened => happened.Event)], _last);
    }

    public void Enter(ChatWindow window)
    {
        lock (_lock) _windows[window.Window] = window;
        Tell(State());
    }

    public void Leave(string window)
    {
        Call? last = null;
        lock (_lock)
        {
            _windows.Remove(window);
            if (_windows.Count == 0) (last, _call) = (_call, null);
        }

        last?.End();
        Tell(State());
    }

    /// <summary>Sends a note. The call is opened with the first one, and again after it has ended.</summary>
    /// <exception cref="ProblemException">The service cannot be reached, or does not take notes as fast as they come.</exception>
    public void Send(ChatWindow window, GeoPoint location, string message)
    {
        lock (_lock)
        {
            if (_call is null)
            {
                _call = new Call(channel.Client().RouteChat());
                (_replica, _message) = (null, null);
                _ = Run(_call);
            }

            if (!_call.TrySend(window.Window, new RouteNote { Location = location.ToPoint(), Message = $"{window.Name}: {message}" })) throw new ProblemException(StatusCodes.Status503ServiceUnavailable, "Too fast", $"{MaxUnsent} notes wait to be sent already.");
        }

        Tell(new ChatNote("note", window.Window, window.Name, location, message, Iso.Time(time.GetUtcNow())));
    }

    private async Task Run(Call call)
    {
        Tell(State());
        var status = await call.Run(replica =>
        {
            lock (_lock) _replica = replica;
            Tell(State());
        }, (to, note) =>
        {
            // What this dashboard sends begins with a name.
            var colon = note.Message.IndexOf(": ", StringComparison.Ordinal);
            var (from, text) = colon > 0 ? (note.Message[..colon], note.Message[(colon + 2)..]) : (null, note.Message);
            Tell(new ChatAnswer("answer", to, from, GeoPoint.Of(note.Location), text, Iso.Time(time.GetUtcNow()), _replica));
        });
        lock (_lock)
        {
            if (_call == call) (_call, _message) = (null, status.Detail);
        }

        Tell(new ChatEnd("ended", status.StatusCode.ToString(), status.Detail));
        Tell(State());
    }

    private void Tell(object happened)
    {
        lock (_lock)
        {
            if (_events.Count >= MaxEvents) _events.RemoveAt(0);
            _events.Add((++_last, happened));
        }

        Changed.Beat();
    }

    /// <summary>A call, and which answers belong to which note: each note is answered with as many as the call has had at its place before.</summary>
    private sealed class Call(AsyncDuplexStreamingCall<RouteNote, RouteNote> call)
    {
        private readonly Channel<RouteNote> _unsent = Channel.CreateBounded<RouteNote>(MaxUnsent);
        private readonly Lock _lock = new();
        private readonly Dictionary<Point, int> _notes = [];
        private readonly Queue<(string Window, int Answers)> _expected = new();
        private int _taken;

        public bool TrySend(string window, RouteNote note)
        {
            lock (_lock)
            {
                if (!_unsent.Writer.TryWrite(note)) return false;
                var before = _notes.GetValueOrDefault(note.Location);
                _notes[note.Location] = before + 1;
                if (before > 0) _expected.Enqueue((window, before));
                return true;
            }
        }

        public void End() => _unsent.Writer.TryComplete();

        public async Task<Status> Run(Action<string?> answered, Action<string, RouteNote> receive)
        {
            using (call)
            {
                var sending = SendAll();
                try
                {
                    answered(RouteChannel.ReplicaOf(await call.ResponseHeadersAsync));
                    while (await call.ResponseStream.MoveNext(CancellationToken.None)) receive(Next(), call.ResponseStream.Current);
                    return call.GetStatus();
                }
                catch (RpcException fault)
                {
                    return fault.Status;
                }
                catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
                {
                    return new Status(StatusCode.Cancelled, "The connection to the balancer was given up.");
                }
                finally
                {
                    End();
                    await sending;
                }
            }
        }

        private async Task SendAll()
        {
            try
            {
                await foreach (var note in _unsent.Reader.ReadAllAsync()) await call.RequestStream.WriteAsync(note);
                await call.RequestStream.CompleteAsync();
            }
            catch (Exception fault) when (fault is RpcException or InvalidOperationException or OperationCanceledException)
            {
                // The call has ended; why is told where its answers are read.
                _unsent.Writer.TryComplete();
            }
        }

        private string Next()
        {
            lock (_lock)
            {
                if (!_expected.TryPeek(out var first)) return "";
                if (++_taken == first.Answers)
                {
                    _expected.Dequeue();
                    _taken = 0;
                }

                return first.Window;
            }
        }
    }
}
