using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Chat;

/// <summary>Shows lines without mixing them into the prompt; plain lines where nobody types.</summary>
internal sealed class ChatScreen(ClientConsole console)
{
    private readonly Lock _turn = new();
    private readonly bool _hasPrompt = console is { IsTerminal: true, IsInputTerminal: true };
    private string _prompt = "";

    /// <summary>Shows the prompt and keeps it for when a line comes in between.</summary>
    public void Prompt(string prompt) => Write(() =>
    {
        _prompt = Printable.Escape(prompt);
        return _hasPrompt ? _prompt : "";
    });

    /// <summary>Shows a line, which may come from anywhere.</summary>
    public void Line(string line) => Write(() =>
    {
        var safe = Printable.Escape(line);
        // Back to the start of the line, and clear it; what was typed so far is still with the terminal and goes out with Enter.
        return _hasPrompt ? $"\r\u001b[K{safe}\n{_prompt}" : safe + "\n";
    });

    private void Write(Func<string> text)
    {
        lock (_turn)
        {
            console.Output.Write(text());
            console.Output.Flush();
        }
    }
}
