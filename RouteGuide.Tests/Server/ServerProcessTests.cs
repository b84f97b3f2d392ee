using System.Net;
using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Server;

/// <summary>The server as the process that it is: how it starts, how it ends, and where it listens.</summary>
public sealed partial class ServerProcessTests
{
    [Fact]
    public async Task A_broken_data_file_ends_the_start_with_one_line_and_exit_code_1()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, "[{\"location\": 5}]");
            await using var server = Start(("RouteGuide__Database", path));
            Assert.Equal(1, await server.WaitForExit());
            var line = Assert.Single(server.Error);
            Assert.Contains(path, line);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("RouteGuide__Database", "/nowhere/db.json")]
    [InlineData("RouteGuide__MaxChatNotes", "many")]
    [InlineData("ASPNETCORE_URLS", "ftp://localhost:1")]
    [InlineData("MANAGEMENT_PORT", "70000")]
    [InlineData("Logging__LogLevel__Default", "Loud")]
    [InlineData("Kestrel__Certificates__Default__Path", "/nowhere/certificate.pem")]
    public async Task A_setting_that_cannot_be_used_ends_the_start_with_one_line_that_names_it(string name, string value)
    {
        await using var server = Start((name, value));
        Assert.Equal(1, await server.WaitForExit());
        Assert.Contains(value, Assert.Single(server.Error));
    }

    [Fact]
    public async Task An_https_address_without_a_certificate_ends_the_start_with_one_line_and_exit_code_1()
    {
        await using var server = Start(("ASPNETCORE_URLS", "https://127.0.0.1:0"), ("HOME", Path.GetTempPath()));
        Assert.Equal(1, await server.WaitForExit());
        Assert.Contains("certificate", Assert.Single(server.Error));
        Assert.Empty(server.Output);
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_start_with_one_line_and_exit_code_1()
    {
        await using var first = Start();
        var address = await Listening(first);
        await using var second = Start(("ASPNETCORE_URLS", address));
        Assert.Equal(1, await second.WaitForExit());
        Assert.Contains(new Uri(address).Port.ToString(), Assert.Single(second.Error));
    }

    [Fact]
    public async Task Sigterm_says_not_serving_at_once_and_lets_the_running_call_finish()
    {
        await using var server = Start(("RouteGuide__DrainSeconds", "600"));
        using var channel = GrpcChannel.ForAddress(await Listening(server));
        var health = new Health.HealthClient(channel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest { Service = "routeguide.RouteGuide" })).Status);
        using var watch = health.Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext());

        using var chat = new Routeguide.RouteGuide.RouteGuideClient(channel).RouteChat();
        await chat.RequestStream.WriteAsync(new RouteNote { Message = "before", Location = new Point() });
        await chat.RequestStream.WriteAsync(new RouteNote { Message = "ask", Location = new Point() });
        Assert.True(await chat.ResponseStream.MoveNext());

        server.Signal("TERM");
        Assert.True(await watch.ResponseStream.MoveNext());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest { Service = "routeguide.RouteGuide" })).Status);

        await chat.RequestStream.WriteAsync(new RouteNote { Message = "after", Location = new Point() });
        Assert.True(await chat.ResponseStream.MoveNext());
        Assert.True(await chat.ResponseStream.MoveNext());
        Assert.Equal("ask", chat.ResponseStream.Current.Message);
        Assert.False(server.HasExited);
        await chat.RequestStream.CompleteAsync();
        Assert.False(await chat.ResponseStream.MoveNext());
        Assert.Equal(0, await server.WaitForExit());
    }

    [Fact]
    public async Task A_call_that_outlives_the_drain_time_does_not_hold_the_process()
    {
        await using var server = Start(("RouteGuide__DrainSeconds", "0.2"));
        using var channel = GrpcChannel.ForAddress(await Listening(server));
        using var chat = new Routeguide.RouteGuide.RouteGuideClient(channel).RouteChat();
        await chat.RequestStream.WriteAsync(new RouteNote { Location = new Point() });
        await chat.RequestStream.WriteAsync(new RouteNote { Location = new Point() });
        Assert.True(await chat.ResponseStream.MoveNext());

        server.Signal("TERM");
        Assert.Equal(0, await server.WaitForExit());
        Assert.Contains(server.Output, line => line.Contains("1 calls still ran", StringComparison.Ordinal));
        await Assert.ThrowsAsync<RpcException>(() => chat.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task The_management_port_speaks_http_1_and_the_service_port_http_2()
    {
        var free = Ports.Free();
        await using var server = Start(("MANAGEMENT_PORT", $"{free}"));
        var address = await Listening(server);
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"http://127.0.0.1:{free}/health"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"http://127.0.0.1:{free}/alive"))).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(address), "/health")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal(HttpStatusCode.NotFound, (await http.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task An_https_address_speaks_http_1_and_http_2_by_alpn(string version)
    {
        using var certificates = new TestCertificates();
        await using var server = await RunningServer.Start(
            "--urls", "https://127.0.0.1:0",
            "--Kestrel:Certificates:Default:Path", certificates.CertificateFile,
            "--Kestrel:Certificates:Default:KeyPath", certificates.KeyFile);
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = certificates.TrustPolicy() } });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/alive"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (response.StatusCode, response.Version));
    }

    [Fact]
    public async Task The_ports_that_container_images_set_are_listened_on()
    {
        var free = Ports.Free();
        await using var server = Start(("ASPNETCORE_URLS", ""), ("ASPNETCORE_HTTP_PORTS", $"{free}"));
        await server.WaitForOutput(text => text.Contains($":{free}", StringComparison.Ordinal), "the line that says where it listens");
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{free}");
        Assert.Equal("", (await new Routeguide.RouteGuide.RouteGuideClient(channel).GetFeatureAsync(new Point())).Name);
    }

    private static RunningProcess Start(params (string Name, string Value)[] environment)
    {
        var variables = new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["NO_COLOR"] = "1" };
        foreach (var (name, value) in environment) variables[name] = value;
        return RunningProcess.StartProject("RouteGuide.Server", [], variables);
    }

    private static async Task<string> Listening(RunningProcess server)
    {
        var line = await server.WaitForOutput(text => ListeningLine().IsMatch(text), "the line that says where it listens");
        return ListeningLine().Match(line).Groups[1].Value;
    }

    [GeneratedRegex("answers on (http://127.0.0.1:[0-9]+)")]
    private static partial Regex ListeningLine();
}
