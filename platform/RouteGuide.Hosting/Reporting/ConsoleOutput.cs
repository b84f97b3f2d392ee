using System.Text;
using System.Threading.Channels;

namespace Aspire.Hosting.Reporting;

/// <summary>
/// The one writer of the app host's console: whole lines, in the order in which they came, never mixed. A reader that is slow makes
/// those wait who write a child's lines, so that the child waits in turn; it never holds up the app host's own affairs.
/// </summary>
internal sealed class ConsoleOutput : IAsyncDisposable
{
    private const int MaxLinesBehind = 8192;
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(2);

    private readonly Channel<(string Text, bool IsError)> _lines = Channel.CreateBounded<(string, bool)>(new BoundedChannelOptions(MaxLinesBehind) { SingleReader = true });
    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly Task _writing;
    private int _dropped;

    public ConsoleOutput(TextWriter output, TextWriter error)
    {
        _output = output;
        _error = error;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>The process's own standard output and error.</summary>
    public static ConsoleOutput OfProcess() => new(Open(Console.OpenStandardOutput()), Open(Console.OpenStandardError()));

    /// <summary>Writes a line; waits while the reader is far behind.</summary>
    public async ValueTask WriteLineAsync(string text, bool isError)
    {
        try
        {
            await _lines.Writer.WriteAsync((text, isError)).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // The console is being closed, and the application with it.
        }
    }

    /// <summary>Writes a line of the app host's own; leaves it out, and says so later, where the reader is far behind.</summary>
    public void Post(string text, bool isError = false)
    {
        if (!_lines.Writer.TryWrite((text, isError))) Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is left, as long as the reader takes something every two seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        int before;
        do
        {
            before = _lines.Reader.Count;
            await Task.WhenAny(_writing, Task.Delay(FlushPatience)).ConfigureAwait(false);
        }
        while (!_writing.IsCompleted && _lines.Reader.Count < before);
    }

    private static StreamWriter Open(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };

    private async Task WriteAsync()
    {
        var broken = false;
        while (await _lines.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_lines.Reader.TryRead(out var line))
            {
                if (broken) continue;
                try
                {
                    var writer = line.IsError ? _error : _output;
                    writer.WriteLine(line.Text);
                    if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped) _output.WriteLine($"({dropped} lines of the app host left out: the console did not keep up)");
                    if (line.IsError || _lines.Reader.Count == 0)
                    {
                        _output.Flush();
                        _error.Flush();
                    }
                }
                catch (IOException)
                {
                    // Nobody reads any more. The application goes on without a console, as it does when it is redirected to nowhere.
                    broken = true;
                }
            }
        }
    }
}
