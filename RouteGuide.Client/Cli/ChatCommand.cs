using System.CommandLine;
using RouteGuide.Client.Chat;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Cli;

/// <summary>The command <c>chat</c>.</summary>
internal static class ChatCommand
{
    private const int MaxName = 40;

    public static Command Create(ConnectionOptions connection, ClientConsole console)
    {
        var name = new Option<string>("--name")
        {
            Description = $"Your name, 1 to {MaxName} characters.",
            HelpName = "name",
            DefaultValueFactory = _ => Environment.UserName is { Length: > 0 and <= MaxName } user ? user : "someone",
        };
        name.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && (text.Length is 0 or > MaxName || text.Any(char.IsControl))) result.AddError($"--name: '{text}' is not a name of 1 to {MaxName} characters.");
        });
        var place = new Option<string>("--place")
        {
            Description = "Where you are: part of a place's name, or a latitude and a longitude in degrees such as 40.9146,-74.6189.",
            HelpName = "place",
            DefaultValueFactory = _ => "Berkshire Valley Management Area Trail",
        };
        var command = new Command(
            "chat",
            """
            Chats by RouteChat: each line that you type is left as a note where you are, and notes that were left there before are shown.
            /place moves you, /places lists places, /quit or the end of the input ends it. Input may be piped; then there is no prompt.

            Example: routeguide-client chat --name ann --place "Patriots Path"
            """);
        foreach (var option in (Option[])[name, place]) command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new ChatSettings(parsed.GetRequiredValue(name), parsed.GetRequiredValue(place));
            return new ClientRun(connection.Read(parsed), console).RunAsync(null, run => new ChatRun(settings, console).RunAsync(run), cancellationToken);
        });
        return command;
    }
}
