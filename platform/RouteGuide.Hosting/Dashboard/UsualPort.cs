using Aspire.Hosting.Execution;

namespace Aspire.Hosting.Dashboard;

/// <summary>
/// The port that people know the dashboard by. One app host of a user has it at a time, by a file that it keeps locked: of two that start
/// together not both find it free.
/// </summary>
internal sealed class UsualPort : IDisposable
{
    public const int Number = 17050;

    private FileStream? _lock;

    /// <summary>Takes the port; false if another app host has it, or another process listens on it.</summary>
    public bool TryTake()
    {
        try
        {
            _lock ??= new FileStream(Path.Combine(Path.GetTempPath(), $"routeguide-dashboard-{Number}-{Environment.UserName}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return PortPicker.IsFree(Number);
    }

    public void Dispose() => _lock?.Dispose();
}
