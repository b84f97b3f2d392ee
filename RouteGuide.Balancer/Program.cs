using RouteGuide.Balancer;
using RouteGuide.ServiceDefaults;

return await ServiceProgram.RunAsync("routeguide-balancer", async () =>
{
    await using var balancer = BalancerApp.Build(args);
    await balancer.Start();
    await balancer.WaitForEnd();
});
