using RouteGuide.Balancer;

try
{
    await using var balancer = BalancerApp.Build(args);
    await balancer.Start();
    await balancer.WaitForEnd();
    return 0;
}
catch (Exception e) when (StartFailure.Explain(e) is { } line)
{
    await Console.Error.WriteLineAsync($"routeguide-balancer: {line}");
    return 1;
}
