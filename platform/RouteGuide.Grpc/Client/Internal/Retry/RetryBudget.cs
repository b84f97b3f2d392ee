namespace Grpc.Net.Client.Internal.Retry;

/// <summary>Bytes that the calls of a channel keep for another attempt.</summary>
internal sealed class RetryBudget(long? limit, long? limitPerCall)
{
    private long _used;

    /// <summary>Takes room for more bytes of a call that has <paramref name="held"/> already; false if there is none.</summary>
    public bool TryReserve(long held, int bytes)
    {
        if (held + bytes > limitPerCall) return false;
        if (Interlocked.Add(ref _used, bytes) <= (limit ?? long.MaxValue)) return true;
        Release(bytes);
        return false;
    }

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
