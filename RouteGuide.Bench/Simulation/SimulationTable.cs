using System.Globalization;
using System.Reflection;
using System.Text;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Bench.Simulation;

/// <summary>The algorithms beside one another, as Markdown. The same seed and number of calls give the same text.</summary>
internal static class SimulationTable
{
    public const int DefaultSeed = 1;
    public const int DefaultCalls = 50_000;

    private static readonly (string Title, ReplicaBehaviour Odd)[] Scenarios =
    [
        ("all alike", ReplicaBehaviour.Ordinary),
        ("one three times as slow", new ReplicaBehaviour(3, TimeSpan.Zero, TimeSpan.Zero)),
        ("one that pauses for 200 ms every 2 s", new ReplicaBehaviour(1, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(200))),
    ];

    public static string Of(int seed, int calls)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{SimulatedRun.Replicas} replicas that work on {SimulatedReplica.Workers} calls at once, {SimulatedRun.MeanWork.TotalMilliseconds:0} ms each on average; {SimulatedRun.Load:0%} of what they can bear; {calls:N0} calls; seed {seed}.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| p50 / p99 / p99.9 in ms; share of the odd one | {string.Join(" | ", Scenarios.Select(s => s.Title))} |\n|---|{string.Concat(Scenarios.Select(_ => "---:|"))}\n");
        foreach (var type in Enum.GetValues<AlgorithmType>())
        {
            var cells = Scenarios.Select(s => Cell(new SimulatedRun(new AlgorithmSettings { Type = type }, s.Odd, seed).Run(calls)));
            text.Append(CultureInfo.InvariantCulture, $"| `{NameOf(type)}` | {string.Join(" | ", cells)} |\n");
        }

        return text.ToString();
    }

    private static string Cell(SimulatedResult result) => string.Create(CultureInfo.InvariantCulture, $"{result.P50:0.0} / {result.P99:0.0} / {result.P999:0.0}; {result.OddShare:0.0%}");

    private static string NameOf(AlgorithmType type) => typeof(AlgorithmType).GetField(type.ToString())!.GetCustomAttribute<SettingNameAttribute>()!.Name;
}
