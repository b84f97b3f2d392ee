using Aspire.Hosting.Reporting;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

public sealed class ConsoleTests : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    [Fact]
    public async Task Names_are_aligned_and_coloured_by_resource_and_the_text_is_left_alone()
    {
        await using (var output = new ConsoleOutput(_output, _error))
        {
            var console = new ConsoleReporter(output, colours: true);
            console.SetInstances([["one-a", "one-b"], ["longer-c"]]);
            await console.ChildLineAsync("one-a", "first  ", isError: false);
            await console.ChildLineAsync("one-b", "", isError: false);
            await console.ChildLineAsync("longer-c", "\e[31mred", isError: false);
            console.State("one-a", "Running");
        }

        string[] expected =
        [
            "\e[36mone-a   \e[0m | first  ",
            "\e[36mone-b   \e[0m | ",
            "\e[33mlonger-c\e[0m | \e[31mred\e[0m",
            "\e[36mone-a   \e[0m   \e[2mRunning\e[0m",
            "",
        ];
        Assert.Equal(expected, _output.ToString().Split('\n'));
    }

    [Fact]
    public async Task Without_colours_the_text_of_a_child_keeps_its_own()
    {
        await using (var output = new ConsoleOutput(_output, _error))
        {
            var console = new ConsoleReporter(output, colours: false);
            console.SetInstances([["one-a"]]);
            await console.ChildLineAsync("one-a", "\e[31mred", isError: false);
            await console.ChildLineAsync("one-a", "bad", isError: true);
            console.Error("worse");
        }

        Assert.Equal("one-a | \e[31mred\n", _output.ToString());
        Assert.Equal("one-a | bad\nworse\n", _error.ToString());
    }

    [Fact]
    public async Task A_slow_reader_holds_up_the_child_and_not_the_app_host()
    {
        using var slow = new BlockedWriter();
        var output = new ConsoleOutput(slow, _error);
        var written = 0;
        var child = Task.Run(async () =>
        {
            for (; written < 20_000; written++) await output.WriteLineAsync("line", isError: false);
        });
        await Eventually.Until(() => written > 8000, "the queue is full");

        output.Post("not written and not waited for");
        Assert.False(child.IsCompleted);
        Assert.InRange(written, 8000, 8200);

        slow.Open();
        await child;
        await output.DisposeAsync();
        Assert.Equal(20_000, slow.Lines.Count(l => l == "line"));
        Assert.Contains("(1 lines of the app host left out: the console did not keep up)", slow.Lines);
    }

    [Fact]
    public async Task A_console_that_is_gone_ends_nothing()
    {
        var output = new ConsoleOutput(new BrokenWriter(), _error);
        for (var i = 0; i < 20_000; i++) await output.WriteLineAsync("line", isError: false);
        await output.DisposeAsync();
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private sealed class BlockedWriter : StringWriter
    {
        private readonly ManualResetEventSlim _open = new();

        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = [];

        public void Open() => _open.Set();

        public override void WriteLine(string? value)
        {
            _open.Wait();
            Lines.Enqueue(value ?? "");
        }

        protected override void Dispose(bool disposing)
        {
            _open.Set();
            base.Dispose(disposing);
        }
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("Broken pipe");
    }
}
