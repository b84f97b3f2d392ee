namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// The rule for names of resources and endpoints. It is that of DNS labels, because names become host names, parts of
/// environment variables and of file names.
/// </summary>
internal static class ResourceName
{
    private const int MaxLength = 64;

    public static void Validate(string name, string what = "Resource")
    {
        ArgumentNullException.ThrowIfNull(name);
        var fault = Fault(name);
        if (fault is not null) throw new ArgumentException($"{what} name '{name}' is invalid: {fault}.", nameof(name));
    }

    private static string? Fault(string name)
    {
        if (name.Length is 0 or > MaxLength) return $"it must have between 1 and {MaxLength} characters";
        if (!char.IsAsciiLetter(name[0])) return "it must begin with an ASCII letter";
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')) return "it may have only ASCII letters, digits and hyphens";
        if (name.Contains("--", StringComparison.Ordinal)) return "it must not have two hyphens in a row";
        return name[^1] == '-' ? "it must not end with a hyphen" : null;
    }
}
