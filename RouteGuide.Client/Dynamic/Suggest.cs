namespace RouteGuide.Client.Dynamic;

/// <summary>Helps with a name that does not exist.</summary>
internal static class Suggest
{
    private const int Most = 12;

    /// <summary>"did you mean x?", or else the names that there are.</summary>
    public static string From(string wrong, IEnumerable<string> names, string otherwise)
    {
        var known = names.ToList();
        var near = known.Select(name => (Name: name, Distance: Distance(wrong, name))).Where(pair => pair.Distance <= Math.Max(1, (wrong.Length + 1) / 3)).OrderBy(pair => pair.Distance).FirstOrDefault();
        if (near.Name is not null) return $"did you mean {near.Name}?";
        return known.Count == 0 ? $"{otherwise} none." : $"{otherwise} {string.Join(", ", known.Take(Most))}{(known.Count > Most ? $" and {known.Count - Most} more" : "")}.";
    }

    // Levenshtein's, blind to case; names longer than a name is are not compared.
    private static int Distance(string a, string b)
    {
        if (a.Length > 100 || b.Length > 100) return int.MaxValue;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
