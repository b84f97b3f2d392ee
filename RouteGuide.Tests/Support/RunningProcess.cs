using System.Collections.Concurrent;
using System.Diagnostics;

namespace RouteGuide.Tests.Support;

/// <summary>A process that a test started, its output kept line by line; the whole tree is ended with the test.</summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    private static readonly Lazy<bool> ResetsSignals = new(CanResetSignals);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();

    private RunningProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The lines of standard output so far.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>The lines of standard error so far.</summary>
    public IReadOnlyList<string> Error => [.. _error];

    /// <summary>Starts a built project of the solution with <c>dotnet exec</c>.</summary>
    public static RunningProcess StartProject(string project, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        Start("dotnet", ["exec", Repository.Assembly(project), .. arguments], environment);

    /// <summary>Starts a program; a null value in <paramref name="environment"/> removes the variable.</summary>
    public static RunningProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? workingDirectory = null)
    {
        // A run in the background of a shell has SIGINT ignored, and what it starts inherits that.
        if (ResetsSignals.Value) (program, arguments) = ("env", ["--default-signal=INT", program, .. arguments]);
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = workingDirectory ?? Repository.Root,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }

        var running = new RunningProcess(new Process { StartInfo = info });
        running._process.OutputDataReceived += (_, e) => { if (e.Data is not null) running._output.Enqueue(e.Data); };
        running._process.ErrorDataReceived += (_, e) => { if (e.Data is not null) running._error.Enqueue(e.Data); };
        running._process.Start();
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Waits for a line of standard output that fits, and returns it.</summary>
    public async Task<string> WaitForOutput(Func<string, bool> fits, string what, TimeSpan? patience = null)
    {
        string? line = null;
        await Eventually.Until(
            () => (line = _output.FirstOrDefault(fits)) is not null || (_process.HasExited ? throw new InvalidOperationException($"Ended with {_process.ExitCode} before: {what}\n{Transcript}") : false),
            $"{what}\n{Transcript}",
            patience ?? Eventually.ProcessPatience);
        return line!;
    }

    /// <summary>Waits for the end and returns the exit code; all output has been read by then.</summary>
    public async Task<int> WaitForExit(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Eventually.ProcessPatience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"'{string.Join(' ', _process.StartInfo.ArgumentList.Prepend(_process.StartInfo.FileName))}' did not end.\n{Transcript}");
        }

        return _process.ExitCode;
    }

    /// <summary>Sends a POSIX signal to this process alone.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // The env of coreutils can; those of other systems may not.
    private static bool CanResetSignals()
    {
        if (!OperatingSystem.IsLinux()) return false;
        using var env = Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", "true"]) { RedirectStandardError = true });
        if (env is null) return false;
        env.StandardError.ReadToEnd();
        env.WaitForExit();
        return env.ExitCode == 0;
    }

    private string Transcript => $"--- stdout ---\n{string.Join('\n', _output)}\n--- stderr ---\n{string.Join('\n', _error)}";
}
