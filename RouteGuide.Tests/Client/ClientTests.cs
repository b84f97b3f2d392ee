using System.Net;
using System.Net.Sockets;
using RouteGuide.Client.Cli;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Client;

/// <summary>The client's command line against a real server in this process.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private RunningServer _server = null!;
    private readonly TestCertificates _certificates = new();

    public async ValueTask InitializeAsync() => _server = await RunningServer.Start();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificates.Dispose();
    }

    [Fact]
    public async Task Prints_the_documented_transcript_for_a_given_route()
    {
        var route = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(route, ["latitude_e7\tlongitude_e7", .. Known.Route.Select(p => $"{p.Latitude}\t{p.Longitude}")]);
            var (code, output, error) = await Run("--route", route);
            Assert.Equal("", error);
            Assert.Equal(ExpectedTranscript.Of(Known.Route, ExpectedTranscript.Visited(output).Seconds), output);
            Assert.Contains($"Travelled {Known.RouteMetres} meters ", output);
            Assert.Equal(0, code);
        }
        finally
        {
            File.Delete(route);
        }
    }

    [Fact]
    public async Task Visits_ten_random_features_the_same_ones_for_the_same_seed()
    {
        var first = await Run("--rpc", "RecordRoute", "--seed", "42");
        var second = await Run("--rpc", "RecordRoute", "--seed", "42");
        var other = await Run("--rpc", "RecordRoute", "--seed", "43");
        var (route, seconds) = ExpectedTranscript.Visited(first.Output);
        Assert.Equal(10, route.Count);
        Assert.All(route, point => Assert.Contains(Known.Features, feature => feature.Location.Equals(point)));
        Assert.Equal(ExpectedTranscript.RecordRoute(route, seconds), first.Output);
        Assert.Equal(route, ExpectedTranscript.Visited(second.Output).Route);
        Assert.NotEqual(route, ExpectedTranscript.Visited(other.Output).Route);
    }

    [Fact]
    public async Task A_deadline_of_0_is_none() => Assert.Equal((0, ExpectedTranscript.GetFeature, ""), await Run("--rpc", "GetFeature", "--deadline", "0"));

    [Theory]
    [InlineData("getfeature")]
    [InlineData("RouteChat")]
    public async Task Runs_one_kind_alone_as_often_as_asked(string name)
    {
        var (code, output, _) = await Run("--rpc", name, "--repeat", "3");
        var once = name == "RouteChat" ? ExpectedTranscript.RouteChat : ExpectedTranscript.GetFeature;
        Assert.Equal((0, once + once + once), (code, output));
    }

    [Theory]
    [InlineData("--address: 'localhost' is not", "--address", "localhost")]
    [InlineData("--deadline: 'soon' is not", "--deadline", "soon")]
    [InlineData("--rpc: 'GetFeatures' is not one of GetFeature", "--rpc", "GetFeatures")]
    [InlineData("--repeat: '0' is not", "--repeat", "0")]
    [InlineData("--repeat: 'x' is not", "--repeat", "x")]
    [InlineData("--repeat: '99999999999' is not", "--repeat", "99999999999")]
    [InlineData("--seed: 'seven' is not", "--seed", "seven")]
    [InlineData("--deadline: '0.00001' is not", "--deadline", "0.00001")]
    [InlineData("--address: 'https://u:p@host:1' is not", "--address", "https://u:p@host:1")]
    [InlineData("--address: 'https://host:1?x=1' is not", "--address", "https://host:1?x=1")]
    [InlineData("--ca: '' is not a file", "--ca", "")]
    [InlineData("--route: '' is not a file", "--route", "")]
    [InlineData("--route: '/nowhere' cannot be read", "--route", "/nowhere")]
    [InlineData("--ca: '/nowhere' cannot be read", "--address", "https://localhost:1", "--ca", "/nowhere")]
    [InlineData("--bogus", "--bogus")]
    public async Task Says_what_is_wrong_with_the_command_line_and_ends_with_2(string said, params string[] args)
    {
        var (code, _, error) = await RunExactly(args);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains(said, error);
    }

    [Fact]
    public async Task Says_what_is_wrong_with_the_address_that_the_environment_names()
    {
        await using var client = RunningProcess.StartProject("RouteGuide.Client", [], new Dictionary<string, string?> { ["services__balancer__https__0"] = "junk" });
        Assert.Equal(ExitCode.Usage, await client.WaitForExit());
        Assert.Contains("services:balancer:https:0: 'junk'", Assert.Single(client.Error));
    }

    [Fact]
    public async Task Says_in_one_line_that_it_cannot_write()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full here");
        var assembly = Repository.Assembly("RouteGuide.Client");
        await using var client = RunningProcess.Start("sh", ["-c", $"exec dotnet exec '{assembly}' --address {_server.Address} --rpc GetFeature > /dev/full"]);
        Assert.Equal(ExitCode.CallFailed, await client.WaitForExit());
        Assert.Contains("cannot be written", Assert.Single(client.Error));
    }

    [Fact]
    public async Task Says_in_one_line_that_a_server_with_tls_is_called_without()
    {
        await using var server = await RunningServer.Start(Tls());
        var (code, _, error) = await RunExactly("--address", $"http://{server.Address.Authority}", "--rpc", "GetFeature");
        Assert.Equal(ExitCode.CallFailed, code);
        Assert.Contains("use https://", OneLine(error));
        Assert.InRange(error.Length, 1, 250);
    }

    [Fact]
    public async Task Names_the_line_of_a_route_that_is_no_point()
    {
        var route = Path.GetTempFileName();
        try
        {
            foreach (var line in (string[])["3 north", "900000001 0"])
            {
                await File.WriteAllLinesAsync(route, ["1 2", line]);
                var (code, _, error) = await Run("--rpc", "RecordRoute", "--route", route);
                Assert.Equal(ExitCode.Usage, code);
                Assert.Contains($"line 2: '{line}'", OneLine(error));
            }
        }
        finally
        {
            File.Delete(route);
        }
    }

    [Fact]
    public async Task Says_in_one_line_that_nobody_answers_and_ends_with_3()
    {
        var (code, output, error) = await RunExactly("--address", $"http://127.0.0.1:{Ports.Free()}", "--rpc", "GetFeature");
        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains("nobody answers at http://127.0.0.1:", OneLine(error));
        Assert.Equal("-------------- GetFeature --------------\n", output);
    }

    [Fact]
    public async Task Says_in_one_line_that_the_certificate_is_not_trusted_and_ends_with_4()
    {
        await using var server = await RunningServer.Start(Tls());
        var (code, _, error) = await RunExactly("--address", $"{server.Address}");
        Assert.Equal(ExitCode.NotTrusted, code);
        Assert.Contains($"the certificate of {server.Address.GetLeftPart(UriPartial.Authority)} is not trusted", OneLine(error));
    }

    [Fact]
    public async Task Trusts_the_root_that_it_is_given()
    {
        await using var server = await RunningServer.Start(Tls());
        var (code, output, error) = await RunExactly("--address", $"{server.Address}", "--ca", _certificates.CaFile, "--rpc", "GetFeature");
        Assert.Equal((0, ExpectedTranscript.GetFeature, ""), (code, output, error));
    }

    [Fact]
    public async Task Takes_any_certificate_when_told_to_and_warns()
    {
        await using var server = await RunningServer.Start(Tls());
        var (code, output, error) = await RunExactly("--address", $"{server.Address}", "--insecure", "--rpc", "GetFeature");
        Assert.Equal((0, ExpectedTranscript.GetFeature), (code, output));
        Assert.StartsWith("WARNING: --insecure", error);
    }

    [Fact]
    public async Task Says_in_one_line_that_the_deadline_has_passed_and_ends_with_5()
    {
        // Takes the connection, and never says a word.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var (code, _, error) = await RunExactly("--address", $"http://{silent.LocalEndPoint}", "--deadline", "200ms");
        Assert.Equal(ExitCode.DeadlineExceeded, code);
        Assert.Contains("deadline exceeded", OneLine(error));
        Assert.Contains("0.2 s", error);
    }

    [Fact]
    public async Task Help_names_every_option_and_the_exit_codes()
    {
        var (code, output, _) = await RunExactly("--help");
        Assert.Equal(0, code);
        Assert.All(["--address", "--ca", "--insecure", "--deadline", "--rpc", "--repeat", "--seed", "--route", "Exit codes"], word => Assert.Contains(word, output));
    }

    private string[] Tls() =>
    [
        "--urls", "https://127.0.0.1:0",
        "--Kestrel:Certificates:Default:Path", _certificates.CertificateFile,
        "--Kestrel:Certificates:Default:KeyPath", _certificates.KeyFile,
    ];

    private Task<(int Code, string Output, string Error)> Run(params string[] args) => RunExactly(["--address", $"{_server.Address}", .. args]);

    private static async Task<(int Code, string Output, string Error)> RunExactly(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await ClientCommand.InvokeAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static string OneLine(string error) => Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
}
