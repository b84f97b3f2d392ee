using System.Globalization;
using System.Text;
using Spectre.Console;

namespace RouteGuide.Bench.Calls;

/// <summary>What one row gave.</summary>
/// <param name="Row">Which.</param>
/// <param name="Micros">CPU µs of a call, message or pair; null if it failed.</param>
/// <param name="Bytes">Octets allocated for each.</param>
/// <param name="Failure">Why there is no result; null where there is one.</param>
internal sealed record CallResult(CallRow Row, double? Micros, double? Bytes, string? Failure);

/// <summary>The table.</summary>
/// <param name="Results">Its rows.</param>
/// <param name="Conditions">Where and how it was measured.</param>
/// <param name="Missing">What could not be measured here, and why; null for nothing.</param>
internal sealed record CallReport(IReadOnlyList<CallResult> Results, string Conditions, string? Missing)
{
    private static readonly string[] Columns = ["what", "CPU", "allocated", "of bare", "official, there and here", "of it", "goal", ""];

    /// <summary>CPU µs of a call of the bare endpoint; null if that was not measured.</summary>
    public double? Bare => Results.FirstOrDefault(r => r.Row.Side is CallSide.Bare)?.Micros;

    /// <summary>Whether every row gave a result.</summary>
    public bool IsComplete => Missing is null && Results.All(r => r.Failure is null);

    /// <summary>CPU in relation to the bare endpoint; null if one of them is not known.</summary>
    public double? OfBare(CallResult result) => result.Micros / Bare;

    /// <summary>What the official implementation would cost here; null if that cannot be said.</summary>
    public OfficialCost? OfficialHere(CallRow row) => Bare is { } bare ? row.Official?.Scaled(bare) : null;

    /// <summary>CPU in relation to the official one at its best; null if one of them is not known.</summary>
    public double? OfOfficial(CallResult result) => result.Micros / OfficialHere(result.Row)?.Least;

    /// <summary>Whether all goals of the row are met; null if it has none, or they cannot be judged.</summary>
    public bool? IsMet(CallResult result)
    {
        var row = result.Row;
        if (!row.HasGoal || (row.CpuGoal is not null && Judged(result) is null) || (row.BytesGoal is not null && result.Bytes is null)) return null;
        return (row.CpuGoal is null || Judged(result) <= row.CpuGoal) && (row.BytesGoal is null || result.Bytes <= row.BytesGoal);
    }

    public void Write(IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in Columns) table.AddColumn(new TableColumn(column) { Alignment = column is "what" or "" ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (var result in Results) table.AddRow([.. Cells(result).Select(Markup.Escape)]);
        console.WriteLine($"\n{Conditions}");
        console.Write(table);
        foreach (var problem in Problems()) console.MarkupLineInterpolated($"[red]{problem}[/]");
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Conditions}\n\n| {string.Join(" | ", Columns)} |\n|{string.Concat(Enumerable.Repeat("---|", Columns.Length))}\n");
        foreach (var result in Results)
        {
            var cells = Cells(result);
            if (IsMet(result) is false) cells[^1] = $"**{cells[^1]}**";
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
        }

        foreach (var problem in Problems()) text.Append(CultureInfo.InvariantCulture, $"\n{problem}\n");
        return text.ToString();
    }

    // A server is held to the bare endpoint beside it, a client to the official one.
    private double? Judged(CallResult result) => result.Row.Side is CallSide.Server ? OfBare(result) : OfOfficial(result);

    private IEnumerable<string> Problems() =>
        Results.Where(r => r.Failure is not null).Select(r => $"No result for {r.Row.Name}: {r.Failure!.Split('\n')[0]}").Concat(Missing is null ? [] : [Missing]);

    private string[] Cells(CallResult result) =>
    [
        result.Row.Title,
        result.Micros is { } micros ? Text($"{micros:0.00} µs") : "",
        result.Bytes is { } bytes ? Text($"{bytes:N0} B") : "",
        OfBare(result) is { } bare ? Text($"{bare:0.00}") : "",
        result.Row.Official is { } there ? $"{Range(there)}{(OfficialHere(result.Row) is { } here ? $" → {Range(here)}" : "")} µs" : "",
        OfOfficial(result) is { } official ? Text($"{official:0.00}") : "",
        Goal(result.Row),
        IsMet(result) switch { true => "met", false => "not met", null => "" },
    ];

    private static string Range(OfficialCost cost) => cost.Least < cost.Most ? Text($"{cost.Least:0.0}–{cost.Most:0.0}") : Text($"{cost.Least:0.0}");

    private static string Goal(CallRow row) => string.Join(", ", new[]
    {
        row.CpuGoal is { } cpu ? Text($"≤ {cpu:0.0#} {(row.Side is CallSide.Server ? "of bare" : "of it")}") : "",
        row.BytesGoal is { } bytes ? Text($"≤ {bytes:N0} B") : "",
    }.Where(part => part.Length > 0));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
