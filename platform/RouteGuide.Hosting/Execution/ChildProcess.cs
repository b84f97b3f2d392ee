using System.ComponentModel;
using System.Diagnostics;

namespace Aspire.Hosting.Execution;

/// <summary>What to start.</summary>
/// <param name="Program">The program as it was asked for.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="WorkingDirectory">Where it runs.</param>
/// <param name="Environment">Its whole environment.</param>
internal sealed record LaunchSpec(string Program, IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>The command line for people.</summary>
    public string Display => string.Join(' ', new[] { Program }.Concat(Arguments).Select(word => word.Length == 0 || word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word));
}

/// <summary>A process that could not be started; the message says why.</summary>
internal sealed class LaunchException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>One run of a program, with all that it starts in turn.</summary>
internal sealed class ChildProcess
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long output is still waited for, after the last process of the tree is gone, when none comes: then somebody who hid from the
    /// tree holds it open, or, where the application stops, nobody takes it.
    /// </summary>
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(2);

    private static int _count;

    private readonly Process _process;
    private readonly ProcessTree _tree;
    private readonly OrphanGuard _guard;
    private readonly TimeSpan _grace;
    private readonly Func<string, bool, ValueTask> _onLine;
    private readonly Task _exited;
    private int _lines;
    private int _passing;
    private volatile bool _stopping;

    private ChildProcess(Process process, ProcessTree tree, OrphanGuard guard, TimeSpan grace, Func<string, bool, ValueTask> onLine)
    {
        _process = process;
        _tree = tree;
        _guard = guard;
        _grace = grace;
        _onLine = onLine;
        _exited = process.WaitForExitAsync();
        Id = process.Id;
        Completion = CompleteAsync();
    }

    public int Id { get; }

    /// <summary>The exit code (128 + n for one that signal n ended), once the process and all that it left behind is gone and the output read.</summary>
    public Task<int> Completion { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="spec">What to start.</param>
    /// <param name="guard">Ends it if the app host is killed.</param>
    /// <param name="grace">Between asking to end and ending.</param>
    /// <param name="onLine">Gets each line, and whether it came from standard error; what it waits for holds up the program.</param>
    /// <exception cref="LaunchException">It cannot be started.</exception>
    public static ChildProcess Start(LaunchSpec spec, OrphanGuard guard, TimeSpan grace, Func<string, bool, ValueTask> onLine)
    {
        if (!Directory.Exists(spec.WorkingDirectory)) throw new LaunchException($"the working directory '{spec.WorkingDirectory}' does not exist");
        var program = ExecutableFinder.Find(spec.Program, spec.WorkingDirectory, spec.Environment.GetValueOrDefault("PATH"))
            ?? throw new LaunchException($"'{spec.Program}' was not found, or is not a program");
        var (file, arguments) = SessionLauncher.Wrap(program, spec.Arguments);
        var info = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = spec.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (OperatingSystem.IsWindows()) info.CreateNewProcessGroup = true;
        info.Environment.Clear();
        foreach (var (name, value) in spec.Environment) info.Environment[name] = value;
        var mark = $"{guard.Run}.{Interlocked.Increment(ref _count)}";
        info.Environment[ProcessTree.MarkVariable] = mark;
        try
        {
            var process = Process.Start(info)!;
            var tree = new ProcessTree(process, $"{ProcessTree.MarkVariable}={mark}");
            try
            {
                guard.Add(process.Id);

                // Nobody types here: whoever reads standard input finds its end.
                process.StandardInput.Close();
            }
            catch
            {
                tree.End();
                throw;
            }

            return new ChildProcess(process, tree, guard, grace, onLine);
        }
        catch (Exception fault) when (fault is Win32Exception or IOException)
        {
            throw new LaunchException(fault.Message, fault);
        }
    }

    /// <summary>Asks the whole tree to end, and ends what is left of it after the grace time.</summary>
    /// <param name="grace">Another grace time than the usual one.</param>
    public async Task StopAsync(TimeSpan? grace = null)
    {
        // Afterwards the number may be somebody else's.
        if (Completion.IsCompleted) return;
        _stopping = true;
        _tree.AskToEnd();
        await Task.WhenAny(_exited, Task.Delay(grace ?? _grace)).ConfigureAwait(false);
        if (!_exited.IsCompleted) _tree.End();

        // What the leader left behind is asked and ended in CompleteAsync.
        await Completion.ConfigureAwait(false);
    }

    private async Task<int> CompleteAsync()
    {
        using var enough = new CancellationTokenSource();
        var pumps = Task.WhenAll(
            PumpAsync(_process.StandardOutput.BaseStream, isError: false, enough.Token),
            PumpAsync(_process.StandardError.BaseStream, isError: true, enough.Token));
        await _exited.ConfigureAwait(false);
        await EndLeftoversAsync().ConfigureAwait(false);
        await DrainAsync(pumps, enough).ConfigureAwait(false);
        var code = _process.ExitCode;
        _guard.Drop(Id);
        return code;
    }

    private async Task DrainAsync(Task pumps, CancellationTokenSource enough)
    {
        while (true)
        {
            var before = Volatile.Read(ref _lines);
            await Task.WhenAny(pumps, Task.Delay(DrainPatience)).ConfigureAwait(false);
            if (pumps.IsCompleted) return;

            // A reader of the console that pauses is waited for, until the application stops.
            var held = Volatile.Read(ref _passing) > 0 && !_stopping;
            if (Volatile.Read(ref _lines) == before && !held)
            {
                await enough.CancelAsync().ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task PumpAsync(Stream stream, bool isError, CancellationToken cancellationToken)
    {
        try
        {
            await LinePump.PumpAsync(stream, line => PassAsync(line, isError), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Somebody outside of the tree holds the pipe open; what was written until now has been read.
        }
    }

    private async ValueTask PassAsync(string line, bool isError)
    {
        Interlocked.Increment(ref _passing);
        await _onLine(line, isError).ConfigureAwait(false);
        Interlocked.Decrement(ref _passing);
        Interlocked.Increment(ref _lines);
    }

    private async Task EndLeftoversAsync()
    {
        if (!_tree.IsAlive()) return;
        _tree.AskToEnd();
        var waited = Stopwatch.StartNew();
        while (_tree.IsAlive())
        {
            if (waited.Elapsed >= _grace)
            {
                _tree.End();
                return;
            }

            await Task.Delay(Poll).ConfigureAwait(false);
        }
    }
}
