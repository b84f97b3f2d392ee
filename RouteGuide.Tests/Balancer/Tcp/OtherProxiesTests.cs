using System.Net;
using RouteGuide.Bench.Processes;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>The PROXY protocol as HAProxy and nginx speak it.</summary>
public sealed class OtherProxiesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("routeguide-proxies-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("send-proxy")]
    [InlineData("send-proxy-v2")]
    [InlineData("send-proxy-v2 proxy-v2-options crc32c,unique-id")]
    public async Task HAProxy_says_who_the_client_is(string how)
    {
        var haproxy = Require("haproxy");
        await using var target = await KestrelTarget.Start(ProxiedClient.TellForwardedFor);
        await using var balancer = await BalancerUnderTest.StartWith(
            [target.Url],
            "urls=", "Balancer:Listeners:a:Url=https://127.0.0.1:0", "Balancer:Listeners:a:Attributes:proxy_protocol.receive=true", "Balancer:Listeners:a:Attributes:proxy_protocol.trusted=127.0.0.1");
        var port = Ports.Free();
        await using var proxy = await StartHAProxy(haproxy, port, $"""
            listen front
              bind 127.0.0.1:{port}
              server balancer 127.0.0.1:{balancer.Tls.Port} {how}
            """);

        // All of 127/8 is this machine.
        using var client = ProxiedClient.From(IPAddress.Parse("127.0.0.9"));
        Assert.Equal("127.0.0.9", await ProxiedClient.Ask(client, new Uri($"https://127.0.0.1:{port}"), HttpVersion.Version20));
    }

    [Fact]
    public async Task HAProxy_understands_who_the_client_is()
    {
        var haproxy = Require("haproxy");
        var port = Ports.Free();
        await using var proxy = await StartHAProxy(haproxy, port, $"""
            frontend target
              mode http
              bind 127.0.0.1:{port} accept-proxy
              http-request return status 200 content-type text/plain lf-string "%[src]"
            """);
        Assert.Equal("127.0.0.9", await AskThroughTcpMode(port));
    }

    [Fact]
    public async Task Nginx_understands_who_the_client_is()
    {
        var nginx = Require("nginx");
        var port = Ports.Free();
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "nginx.conf"), $$"""
            daemon off;
            pid nginx.pid;
            error_log stderr;
            events { }
            http {
              access_log off;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
              server { listen 127.0.0.1:{{port}} proxy_protocol; location / { return 200 "$proxy_protocol_addr"; } }
            }
            """);
        await using var target = RunningProcess.Start(nginx, ["-p", _folder.FullName + "/", "-c", "nginx.conf", "-e", "stderr"]);
        await Eventually.Until(() => Listens(port), $"nginx listens\n{string.Join('\n', target.Error)}");
        Assert.Equal("127.0.0.9", await AskThroughTcpMode(port));
    }

    private static async Task<string> AskThroughTcpMode(int port)
    {
        await using var balancer = await BalancerUnderTest.StartWith(
            [],
            "urls=tcp://127.0.0.1:0", $"Balancer:TargetGroups:default:Targets:0=http://127.0.0.1:{port}", "Balancer:TargetGroups:default:Attributes:proxy_protocol_v2.enabled=true");
        using var client = ProxiedClient.From(IPAddress.Parse("127.0.0.9"));
        using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{balancer.Tcp.Port}/"), CancellationToken.None);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<RunningProcess> StartHAProxy(string haproxy, int port, string section)
    {
        var file = Path.Combine(_folder.FullName, "haproxy.cfg");
        await File.WriteAllTextAsync(file, $"global\n  maxconn 50\ndefaults\n  mode tcp\n  timeout connect 30s\n  timeout client 60s\n  timeout server 60s\n{section}\n");
        var running = RunningProcess.Start(haproxy, ["-db", "-f", file]);
        await Eventually.Until(() => running.HasExited ? throw new InvalidOperationException(string.Join('\n', running.Error)) : Listens(port), "HAProxy listens");
        return running;
    }

    private static string Require(string program)
    {
        var found = Programs.Find(program);
        Assert.SkipWhen(found is null, $"{program} is not installed");
        return found!;
    }

    private static bool Listens(int port) => System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port);
}
