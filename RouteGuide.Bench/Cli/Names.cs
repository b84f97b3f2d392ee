using System.CommandLine.Parsing;

namespace RouteGuide.Bench.Cli;

/// <summary>Checks of names on the command line.</summary>
internal static class Names
{
    /// <summary>Adds an error for each name that is not one of those known.</summary>
    public static void Known(OptionResult result, IEnumerable<string> known)
    {
        foreach (var token in result.Tokens)
        {
            if (!known.Contains(token.Value)) result.AddError($"{result.Option.Name}: '{token.Value}' is not one of {string.Join(", ", known)}.");
        }
    }
}
