using System.CommandLine.Parsing;
using System.Globalization;

namespace RouteGuide.Bench.Cli;

/// <summary>Checks of numbers on the command line.</summary>
internal static class Numbers
{
    /// <summary>Adds an error that names the option, the value and the range.</summary>
    public static void Within(OptionResult result, int least, int most)
    {
        if (result.Tokens is not [{ Value: var text }]) return;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || value < least || value > most)
        {
            result.AddError($"{result.Option.Name}: '{text}' is not a whole number from {least} to {most}.");
        }
    }
}
