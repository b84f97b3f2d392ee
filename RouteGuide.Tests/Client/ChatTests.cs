using RouteGuide.Client.Cli;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Client;

/// <summary>The command chat, with what would be typed piped in.</summary>
public sealed class ChatTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Leaves_notes_and_shows_those_of_the_place()
    {
        var result = await Chat("hello\nagain\n/place 1,2\nelsewhere\n/quit\nnot sent\n");
        Assert.Equal((0, ""), (result.Code, result.Error));
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("You are ann at Patriots Path, Mendham, NJ 07945, USA. ", lines[0]);
        Assert.Equal(["You are at 1,2.", "[Patriots Path, Mendham, NJ 07945, USA] ann: hello"], lines[1..].Order());
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [Fact]
    public async Task The_end_of_the_input_ends_it() => Assert.Equal((0, 1), ((await Chat("hello")).Code, (await Chat("hello")).Output.Count(c => c == '\n')));

    [Theory]
    [InlineData("/places mendham", "  Patriots Path, Mendham, NJ 07945, USA\n")]
    [InlineData("/place no such place", "no place is called 'no such place'")]
    [InlineData("/place NJ", "'NJ' may be ")]
    [InlineData("/place 91,0", "no place is called '91,0'")]
    [InlineData("/where", "You are at Patriots Path, Mendham")]
    [InlineData("/dance", "There is no command /dance.")]
    public async Task Commands_answer_without_a_call(string command, string answer) => Assert.Contains(answer, (await Chat(command + "\n")).Output);

    [Fact]
    public async Task A_note_that_is_too_long_is_not_sent() => Assert.Contains("That note has 4001 characters, and 4000 is the most.", (await Chat(new string('x', 4_001))).Output);

    [Fact]
    public async Task Escapes_what_others_wrote() => Assert.Contains("ann: \\u001b[31mred", (await Chat("\u001b[31mred\nnext\n")).Output);

    [Theory]
    [InlineData("--place: no place is called 'nowhere'", "--place", "nowhere")]
    [InlineData("--name: '' is not a name of 1 to 40 characters.", "--name", "")]
    public async Task Says_what_is_wrong_with_the_command_line(string said, params string[] args)
    {
        var result = await CommandLine.RunAsync(_server.Address, ["chat", .. args]);
        Assert.Contains(said, result.Error);
        Assert.Equal(ExitCode.Usage, result.Code);
    }

    private Task<CommandLine.Result> Chat(string typed) => CommandLine.RunAsync(_server.Address, typed, ["chat", "--name", "ann", "--place", "Patriots Path, Mendham"]);
}
