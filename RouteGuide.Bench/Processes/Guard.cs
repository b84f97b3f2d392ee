using System.Diagnostics;

namespace RouteGuide.Bench.Processes;

/// <summary>
/// A shell that outlives us by a moment: if this process is killed, its end of the pipe closes, and the shell ends what we started, by id,
/// and removes the folder. After an orderly end there is nothing left for it to do.
/// </summary>
internal sealed class Guard : IDisposable
{
    private const string Script =
        """
        trap '' INT
        ids=' '
        while read -r verb id; do
          case $verb in
            add) ids="$ids$id " ;;
            drop) ids="${ids%% "$id" *} ${ids#* "$id" }" ;;
          esac
        done
        for id in $ids; do kill -TERM "$id" 2>/dev/null; done
        rm -rf -- "$1"
        """;

    private readonly Process _shell;
    private readonly Lock _writing = new();

    /// <param name="folder">What is removed at the end.</param>
    public Guard(string folder) =>
        _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "guard", folder]) { RedirectStandardInput = true })!;

    public void Add(int process) => Tell($"add {process}");

    public void Drop(int process) => Tell($"drop {process}");

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }

    private void Tell(string line)
    {
        lock (_writing)
        {
            _shell.StandardInput.WriteLine(line);
            _shell.StandardInput.Flush();
        }
    }
}
