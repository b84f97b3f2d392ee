namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>
/// The balancer's own way of a call (clients' connections, exchanges, pools, targets' connections) between clients and targets that both send
/// whatever they like, while connections come, stall and break. Everything but the sockets is the real thing, in one deterministic order.
/// </summary>
public sealed class RelayFuzzTests
{
    [Fact]
    public async Task Whatever_clients_and_targets_do_no_call_is_left_behind()
    {
        using var loop = new ScriptedLoop();
        var answered = 0;
        var (cases, withAnswers) = await FuzzRun.Cases("relay", seed =>
        {
            var run = new RelayCase(loop, new Random(seed));
            run.Run();
            answered += run.Answers;
            return run.Answers > 0;
        });

        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases, {answered} answers passed on in {withAnswers} of them");
        // If next to nothing came through, the rest of the way was not looked at.
        if (cases >= 100) Assert.InRange(withAnswers, cases / 6, cases);
    }
}
