namespace Grpc.Net.Client.Internal;

/// <summary>The rules for deadlines that applications give.</summary>
internal static class Deadlines
{
    /// <summary>A deadline in UTC; null if there is none.</summary>
    /// <exception cref="InvalidOperationException">It is not in UTC.</exception>
    public static DateTime? Check(DateTime? deadline)
    {
        if (deadline is not { } given || given == DateTime.MaxValue) return null;
        if (given == DateTime.MinValue || given.Kind == DateTimeKind.Utc) return given;
        throw new InvalidOperationException($"A deadline must be in UTC, and this one is {given.Kind}: {given:O}. Use DateTime.UtcNow, not DateTime.Now.");
    }
}
