namespace Aspire.Hosting;

/// <summary>The arguments that the app host itself understands; the others are configuration.</summary>
/// <param name="Others">What the configuration is given.</param>
/// <param name="ExitWhen">The resource whose end ends the application.</param>
/// <param name="Operation">What the app host is asked to do.</param>
/// <param name="NoDashboard">Whether there is to be no dashboard.</param>
/// <param name="Wrong">What is wrong with the arguments, in a line; null for nothing. It is told when the application starts, where errors are told.</param>
internal sealed record AppHostArguments(IReadOnlyList<string> Others, string? ExitWhen, DistributedApplicationOperation Operation, bool NoDashboard, string? Wrong)
{
    private const string ExitWhenOption = "--exit-when";
    private const string OperationOption = "--operation";
    private const string NoDashboardOption = "--no-dashboard";

    public static AppHostArguments Parse(IReadOnlyList<string> arguments)
    {
        var others = new List<string>();
        string? exitWhen = null;
        string? wrong = null;
        var noDashboard = false;
        var operation = DistributedApplicationOperation.Run;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (Value(ExitWhenOption) is { } name)
            {
                if (name.Length == 0) wrong ??= $"{ExitWhenOption} needs the name of a resource behind it: {ExitWhenOption} NAME.";
                exitWhen = name;
            }
            else if (Value(OperationOption) is { } word)
            {
                operation = string.Equals(word, "publish", StringComparison.OrdinalIgnoreCase) ? DistributedApplicationOperation.Publish : DistributedApplicationOperation.Run;
            }
            else if (argument == NoDashboardOption)
            {
                noDashboard = true;
            }
            else if (argument.StartsWith('-') && !argument.StartsWith("--", StringComparison.Ordinal) && argument.Contains('=', StringComparison.Ordinal))
            {
                // The configuration would throw at it: it takes short options only from those who list them.
                wrong ??= $"'{argument}': there are no options with one hyphen; write --name=value.";
            }
            else
            {
                others.Add(argument);
            }

            // "--option value" and "--option=value"; empty where there is no value, since what looks like the next option is not meant as one.
            string? Value(string option)
            {
                if (argument.StartsWith(option + "=", StringComparison.Ordinal)) return argument[(option.Length + 1)..].Trim();
                if (argument != option) return null;
                return i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-') ? arguments[++i].Trim() : "";
            }
        }

        return new AppHostArguments(others, exitWhen, operation, noDashboard, wrong);
    }
}
