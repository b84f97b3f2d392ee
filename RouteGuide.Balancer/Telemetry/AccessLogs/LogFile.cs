namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>
/// Where lines go: a file, at its end, or standard output. A file may be renamed, deleted or emptied while it is written, as the platform's
/// rotation does; then the next lines go to a new one at the same path.
/// </summary>
/// <param name="path">Null for standard output.</param>
internal sealed class LogFile(string? path) : IDisposable
{
    private FileStream? _file;
    private Stream? _output;
    private DateTime _made; // tells the file from another one at its path

    /// <summary>Adds octets, all of them.</summary>
    /// <exception cref="IOException">They, or some of them, could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Write(ReadOnlyMemory<byte> octets)
    {
        if (path is null)
        {
            _output ??= Console.OpenStandardOutput();
            _output.Write(octets.Span);
            return;
        }

        var file = _file ??= Open(path);
        // At its end, which is its beginning once somebody has emptied it.
        if (file.CanSeek) RandomAccess.Write(file.SafeFileHandle, octets.Span, RandomAccess.GetLength(file.SafeFileHandle));
        else file.Write(octets.Span);
    }

    /// <summary>Lets go of a file that is no longer the one at its path. About once a second.</summary>
    public void Look()
    {
        if (path is null || _file is null) return;
        try
        {
            var isThere = File.Exists(path);
            if (!isThere || File.GetCreationTimeUtc(path) != _made || (_file.CanSeek && new FileInfo(path).Length != RandomAccess.GetLength(_file.SafeFileHandle))) Close();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Close();
        }
    }

    public void Dispose() => Close();

    private FileStream Open(string at)
    {
        var file = new FileStream(at, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _made = File.GetCreationTimeUtc(file.SafeFileHandle);
        return file;
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
