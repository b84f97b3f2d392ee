namespace RouteGuide.Bench.Cli;

/// <summary>How the program ends.</summary>
internal static class ExitCode
{
    /// <summary>Everything was measured.</summary>
    public const int Done = 0;

    /// <summary>Some of it was not: calls failed, or something needed is missing.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl+C.</summary>
    public const int Interrupted = 130;
}
