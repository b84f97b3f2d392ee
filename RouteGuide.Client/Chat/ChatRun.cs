using System.Text;
using Grpc.Core;
using Routeguide;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Scenario;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Chat;

/// <summary>RouteChat by hand: what is typed is left as a note at a place, and notes are shown as they come.</summary>
internal sealed class ChatRun(ChatSettings settings, ClientConsole console)
{
    /// <summary>The longest note, in characters.</summary>
    private const int MaxNote = 4_000;

    private const string Help = "/place NAME or LATITUDE,LONGITUDE moves you, /places [WORD] lists places, /where says where you are, /quit ends. All else is left as a note.";

    private readonly Gazetteer _gazetteer = new(RouteSource.Features());
    private readonly ChatScreen _screen = new(console);
    private Point _place = new();

    /// <exception cref="UsageException">There is no such place.</exception>
    public async Task<int> RunAsync(RunContext context)
    {
        var (place, problem) = _gazetteer.Find(settings.Place);
        _place = place ?? throw new UsageException($"--place: {problem}");
        using var channel = context.Channels.Create();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.Stop);
        using var call = new Routeguide.RouteGuide.RouteGuideClient(channel).RouteChat(cancellationToken: ending.Token);
        _screen.Line($"You are {settings.Name} at {_gazetteer.NameOf(_place)}. {Help}");
        var receiving = ReceiveAsync(call.ResponseStream, ending.Token);
        var typing = TypeAsync(call.RequestStream, ending.Token);
        // The server may end the chat while somebody is still thinking about the next line; what is read of it then goes nowhere.
        if (await Task.WhenAny(receiving, typing) == receiving)
        {
            await receiving;
            _screen.Line("The server has ended the chat.");
            return ExitCode.CallFailed;
        }

        // A line that could not be sent says less of why than the call's own end.
        if (typing.IsFaulted) await receiving;
        await typing;
        await receiving;
        return ExitCode.Success;
    }

    private async Task ReceiveAsync(IAsyncStreamReader<RouteNote> notes, CancellationToken cancellationToken)
    {
        await foreach (var note in notes.ReadAllAsync(cancellationToken)) _screen.Line($"[{_gazetteer.NameOf(note.Location)}] {note.Message}");
    }

    private async Task TypeAsync(IClientStreamWriter<RouteNote> stream, CancellationToken cancellationToken)
    {
        using var input = new StreamReader(console.OpenInput(), new UTF8Encoding(false));
        while (true)
        {
            _screen.Prompt($"{settings.Name}@{_gazetteer.NameOf(_place)}> ");
            // A read of a terminal cannot be cancelled, only left alone.
            var line = await Task.Run(() => input.ReadLineAsync(CancellationToken.None).AsTask(), CancellationToken.None).WaitAsync(cancellationToken);
            if (line is null or "/quit") break;
            if (line.Length == 0) continue;
            if (line[0] == '/') Command(line);
            else if (line.Length > MaxNote) _screen.Line($"That note has {line.Length} characters, and {MaxNote} is the most. It was not sent.");
            else await stream.WriteAsync(new RouteNote { Location = _place, Message = $"{settings.Name}: {line}" }, cancellationToken);
        }

        await stream.CompleteAsync();
    }

    private void Command(string line)
    {
        var (command, argument) = line.Split(' ', 2, StringSplitOptions.TrimEntries) is [var first, var rest] ? (first, rest) : (line.Trim(), "");
        switch (command)
        {
            case "/place" when argument.Length > 0 && _gazetteer.Find(argument) is { Point: { } point }:
                _place = point;
                _screen.Line($"You are at {_gazetteer.NameOf(_place)}.");
                break;
            case "/place":
                _screen.Line(argument.Length > 0 ? _gazetteer.Find(argument).Problem : "/place needs a name, or a latitude and a longitude.");
                break;
            case "/places":
                foreach (var feature in _gazetteer.Search(argument)) _screen.Line($"  {feature.Name}");
                break;
            case "/where":
                _screen.Line($"You are at {_gazetteer.NameOf(_place)}.");
                break;
            case "/help":
                _screen.Line(Help);
                break;
            default:
                _screen.Line($"There is no command {command}. {Help}");
                break;
        }
    }
}
