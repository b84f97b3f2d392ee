using System.Diagnostics;

namespace Aspire.Hosting.Certificates;

/// <summary>Keeps two app hosts from making certificates at once. The system lets the lock go when the process ends, however it ends.</summary>
internal static class FolderLock
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <exception cref="IOException">Another process held it for longer than <paramref name="patience"/>.</exception>
    public static FileStream Take(string path, TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        using var never = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waited.Elapsed < patience)
            {
                // Held by another: there is no way to be told when it is free.
                never.Wait(Poll);
            }
        }
    }
}
