using System.Security.Cryptography;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>
/// Something made of files, made anew when they change. Whatever is wrong with their new content, the old one stays in use and the files are
/// tried again. Files are looked at from time to time instead of being watched: notifications do not follow links, which is how
/// Kubernetes and certbot replace certificates, and a system has few of them.
/// </summary>
/// <typeparam name="T">What is made.</typeparam>
internal sealed class ReloadedFiles<T> : IReloaded
    where T : class
{
    /// <summary>Octets of one file; the certificates of all public authorities take a quarter of it.</summary>
    public const int MaxLength = 1024 * 1024;

    // Two versions may have the same length and time, where a tool sets the time; so the content is compared now and then.
    private const int PollsPerFullRead = 60;

    private readonly IReadOnlyList<NamedFile> _files;
    private readonly Func<IReadOnlyList<byte[]>, T?, T> _make;
    private FileStamp[] _seen = [];
    private byte[] _hash = [];
    private string? _failure;
    private bool _isDue; // the files have changed, or could not be used
    private int _polls;
    private T _current;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="files">At least one.</param>
    /// <param name="make">Makes it of the files' contents; gets the one in use, null at first. Throws <see cref="ConfigurationException"/>.</param>
    /// <exception cref="ConfigurationException">A file cannot be read or used.</exception>
    public ReloadedFiles(IReadOnlyList<NamedFile> files, Func<IReadOnlyList<byte[]>, T?, T> make)
    {
        _files = files;
        _make = make;
        _seen = Look();
        var contents = Read();
        _current = make(contents, null);
        _hash = Hash(contents);
    }

    /// <summary>Something that does not come from files and never changes.</summary>
    public ReloadedFiles(T constant)
    {
        _files = [];
        _make = (_, _) => constant;
        _current = constant;
    }

    /// <summary>The one in use. Any thread.</summary>
    public T Current => Volatile.Read(ref _current);

    public string Name => string.Join(" and ", _files.Select(f => $"'{f.Path}'"));

    public ReloadOutcome Poll()
    {
        if (_files.Count == 0) return ReloadOutcome.Unchanged;
        var seen = Look();
        if (!seen.AsSpan().SequenceEqual(_seen))
        {
            // Whoever writes them may not have finished: they are read when they have stayed the same for one interval.
            _seen = seen;
            _isDue = true;
            return ReloadOutcome.Unchanged;
        }

        if (!_isDue && ++_polls < PollsPerFullRead) return ReloadOutcome.Unchanged;
        _polls = 0;
        try
        {
            return Reload();
        }
        catch (ConfigurationException e)
        {
            _isDue = true;
            if (e.Message == _failure) return ReloadOutcome.Unchanged;
            _failure = e.Message;
            return new ReloadOutcome(false, e.Message);
        }
    }

    private ReloadOutcome Reload()
    {
        var contents = Read();
        var hash = Hash(contents);
        var isNew = !hash.AsSpan().SequenceEqual(_hash);
        var made = isNew ? _make(contents, _current) : _current;
        // A file that was replaced meanwhile may not belong to the others.
        if (!Look().AsSpan().SequenceEqual(_seen)) return ReloadOutcome.Unchanged;
        Volatile.Write(ref _current, made);
        _hash = hash;
        _isDue = false;
        _failure = null;
        return new ReloadOutcome(isNew, null);
    }

    private FileStamp[] Look() => [.. _files.Select(f => FileStamp.Of(f.Path))];

    private List<byte[]> Read() => [.. _files.Select(Read)];

    private static byte[] Read(NamedFile file)
    {
        try
        {
            using var stream = File.OpenRead(file.Path);
            if (stream.Length > MaxLength) throw new ConfigurationException($"{file.Setting}: '{file.Path}' has {stream.Length} octets; at most {MaxLength} are read.");
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"{file.Setting}: there is no file '{file.Path}'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{file.Setting}: '{file.Path}' cannot be read: {ServiceProgram.OneLine(e.Message)}", e);
        }
    }

    // Lengths too, so that octets which move from one file to the next make a difference.
    private static byte[] Hash(IReadOnlyList<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var content in contents)
        {
            hash.AppendData(BitConverter.GetBytes(content.Length));
            hash.AppendData(content);
        }

        return hash.GetHashAndReset();
    }
}
