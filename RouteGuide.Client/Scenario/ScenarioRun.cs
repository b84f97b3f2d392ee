using RouteGuide.Client.Cli;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Scenario;

/// <summary>Runs the documented scenario as often as asked.</summary>
internal sealed class ScenarioRun(ClientSettings settings, ClientConsole console)
{
    public async Task<int> RunAsync(RunContext context)
    {
        var points = RouteSource.Choose(settings);
        using var channel = context.Channels.Create();
        var demo = new Demo(new Routeguide.RouteGuide.RouteGuideClient(channel), console.Output, settings.Deadline, points);
        for (var i = 0; i < settings.Repeat; i++) await demo.RunAsync(settings.Rpc, context.Stop);
        return ExitCode.Success;
    }
}
