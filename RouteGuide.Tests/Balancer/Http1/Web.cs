using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>What the tests of HTTP/1.1 start.</summary>
internal static class Web
{
    /// <summary>A balancer whose requests that are not gRPC go to targets of HTTP/1.1.</summary>
    public static Task<BalancerUnderTest> Balancer(IEnumerable<Uri> targets, params string[] settings) => BalancerUnderTest.StartWith(
        [],
        [
            "Balancer:TargetGroups:web:ProtocolVersion=HTTP1",
            .. targets.Select((t, i) => $"Balancer:TargetGroups:web:Targets:{i}=http://{t.Authority}"),
            "Balancer:DefaultHttpGroup=web",
            .. settings,
        ]);

    public static Task<KestrelTarget> Target(RequestDelegate handle) => KestrelTarget.Start(handle, protocols: HttpProtocols.Http1);

    /// <summary>Waits until a number has stopped growing, and returns it: whoever makes it grow is being held.</summary>
    public static async Task<long> Settled(Func<long> number)
    {
        var (last, same) = (-1L, 0);
        await Eventually.Until(
            () =>
            {
                var now = number();
                same = now == last ? same + 1 : 0;
                last = now;
                return now > 0 && same >= 25;
            },
            "it is held");
        return last;
    }
}
