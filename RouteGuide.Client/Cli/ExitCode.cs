namespace RouteGuide.Client.Cli;

/// <summary>What the process says at its end.</summary>
internal static class ExitCode
{
    /// <summary>Every call ended as expected.</summary>
    public const int Success = 0;

    /// <summary>A call ended with another status, or with an answer that cannot be right.</summary>
    public const int CallFailed = 1;

    /// <summary>The command line, or a file that it names, cannot be used.</summary>
    public const int Usage = 2;

    /// <summary>Nobody answers at the address.</summary>
    public const int Unreachable = 3;

    /// <summary>The server's certificate is not trusted.</summary>
    public const int NotTrusted = 4;

    /// <summary>A call took longer than its deadline.</summary>
    public const int DeadlineExceeded = 5;

    /// <summary>The command <c>call</c> adds the gRPC status code to this where a call ended with another one than OK: 69 is NOT_FOUND.</summary>
    public const int StatusBase = 64;

    /// <summary>Ended by Ctrl+C, as shells count it.</summary>
    public const int Interrupted = 130;
}
