namespace RouteGuide.Client.Terminal;

/// <summary>Where a run reads and writes.</summary>
/// <param name="Output">For answers.</param>
/// <param name="Error">For what is said about them: progress, statuses, complaints.</param>
/// <param name="OpenInput">Opens standard input, for those commands that read it.</param>
internal sealed record ClientConsole(TextWriter Output, TextWriter Error, Func<Stream> OpenInput)
{
    /// <summary>Whether a person sees <see cref="Output"/>, on a terminal that takes control codes.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Whether a person types at standard input.</summary>
    public bool IsInputTerminal { get; init; }

    /// <summary>The process's own.</summary>
    public static ClientConsole OfProcess() => new(Console.Out, Console.Error, Console.OpenStandardInput)
    {
        IsTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        IsInputTerminal = !Console.IsInputRedirected,
    };

    /// <summary>Says something about the run, on one line and with nothing in it that a terminal would obey.</summary>
    public Task SayAsync(string line) => Error.WriteLineAsync($"routeguide client: {Printable.Escape(line.ReplaceLineEndings(" "))}");
}
