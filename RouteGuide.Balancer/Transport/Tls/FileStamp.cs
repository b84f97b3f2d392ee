namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>A file that a setting names.</summary>
/// <param name="Setting">The setting's full name, for errors.</param>
/// <param name="Path">Where it is; links in it are followed each time.</param>
internal sealed record NamedFile(string Setting, string Path);

/// <summary>What tells a file from its next version without reading it.</summary>
/// <param name="Length">Octets; -1 if it cannot be opened.</param>
/// <param name="WrittenUtc">When its content was last written.</param>
internal readonly record struct FileStamp(long Length, DateTime WrittenUtc)
{
    /// <summary>Looks at a file. It is opened, so that what is looked at is what all links lead to.</summary>
    public static FileStamp Of(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path);
            return new FileStamp(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileStamp(-1, default);
        }
    }
}
