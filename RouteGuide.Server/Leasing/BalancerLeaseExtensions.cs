namespace RouteGuide.Server.Leasing;

/// <summary>Puts the lease into the host, as a service and as a health check.</summary>
internal static class BalancerLeaseExtensions
{
    public static void AddBalancerLease(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(LeaseOptions.From(builder.Configuration));
        builder.Services.AddSingleton<BalancerLease>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BalancerLease>());
        builder.Services.AddHealthChecks().AddCheck<BalancerLease>("lease");
    }
}
