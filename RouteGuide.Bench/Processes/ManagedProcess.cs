using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using RouteGuide.Bench.Measuring;

namespace RouteGuide.Bench.Processes;

/// <summary>A process that we started on processors of its own, and end.</summary>
internal sealed partial class ManagedProcess : IAsyncDisposable
{
    private const int MaxLines = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Guard _guard;
    private readonly string _program;
    private readonly ConcurrentQueue<string> _lines = new();

    private ManagedProcess(Process process, string program, Guard guard)
    {
        _process = process;
        _program = program;
        _guard = guard;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The last lines that it printed.</summary>
    public string Transcript => string.Join('\n', _lines);

    /// <summary>Starts a program; what it prints is kept, its standard input stays open for as long as we live.</summary>
    public static ManagedProcess Start(Guard guard, IReadOnlyList<int> cpus, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        // taskset becomes the program, so that its id is the program's.
        return Start(guard, program, new ProcessStartInfo(Programs.Require("taskset", "util-linux"), ["-c", CpuPlan.Format(cpus), program, .. arguments]), environment);
    }

    /// <summary>Starts a program on whatever processors there are, in a folder.</summary>
    public static ManagedProcess Start(Guard guard, string folder, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment) =>
        Start(guard, program, new ProcessStartInfo(program, arguments) { WorkingDirectory = folder }, environment);

    private static ManagedProcess Start(Guard guard, string program, ProcessStartInfo info, IReadOnlyDictionary<string, string?>? environment)
    {
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }

        var managed = new ManagedProcess(new Process { StartInfo = info }, program, guard);
        managed._process.OutputDataReceived += managed.Keep;
        managed._process.ErrorDataReceived += managed.Keep;
        managed._process.Start();
        guard.Add(managed.Id);
        managed._process.BeginOutputReadLine();
        managed._process.BeginErrorReadLine();
        return managed;
    }

    /// <summary>Sends a line to its standard input.</summary>
    public async Task Write(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until the state holds.</summary>
    /// <exception cref="BenchException">The process ended before, or it took too long.</exception>
    public async Task Until(Func<Task<bool>> state, string what, TimeSpan patience, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        while (!await state())
        {
            if (HasExited) throw new BenchException($"{_program} ended with {_process.ExitCode} before {what}:\n{Transcript}");
            if (waited.Elapsed > patience) throw new BenchException($"not within {patience.TotalSeconds:0} s: {what}\n{Transcript}");
            await Task.Delay(Poll, cancellation);
        }
    }

    /// <summary>Waits for a line that begins so, anywhere in it, and returns what follows.</summary>
    public async Task<string> WaitForLine(string marker, TimeSpan patience, CancellationToken cancellation)
    {
        string? line = null;
        await Until(() => Task.FromResult((line = _lines.FirstOrDefault(l => l.Contains(marker, StringComparison.Ordinal))) is not null), $"it printed '{marker}'", patience, cancellation);
        return line![(line!.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
    }

    /// <summary>Asks it to end, and ends it with all it started if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        const int Terminate = 15;
        if (!HasExited) _ = Kill(Id, Terminate);
        using var limit = new CancellationTokenSource(EndPatience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _guard.Drop(Id);
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not { } line) return;
        _lines.Enqueue(line);
        if (_lines.Count > MaxLines) _lines.TryDequeue(out _);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
