using RouteGuide.Interop.Cli;

namespace RouteGuide.Tests.Interop;

/// <summary>The command line of the interop programs: the public spellings, and what is said about wrong ones.</summary>
public sealed class InteropFlagTests
{
    [Fact]
    public void Flags_are_taken_in_the_spellings_of_the_public_clients_and_with_dashes()
    {
        var underscores = ClientSettings.Parse(
            ["--server_host=host", "--server_port=1", "--use_tls=true", "--use_test_ca=true", "--ca_file=ca.pem", "--server_host_override=name", "--test_case=empty_unary"]);
        var dashes = ClientSettings.Parse(
            ["--server-host", "host", "--server-port", "1", "--use-tls", "--use-test-ca", "--ca", "ca.pem", "--server-host-override", "name", "--test-case", "empty_unary"]);

        Assert.Equal(underscores, dashes);
        Assert.Equal(new Uri("https://host:1"), underscores.Address);
        Assert.Equal("name", underscores.HostOverride);
        Assert.Equal(Uri.UriSchemeHttp, ClientSettings.Parse(["--use_tls=false"]).Address.Scheme);
        Assert.Equal("[::1]", ClientSettings.Parse(["--server_host=::1"]).Address.Host);
        Assert.Equal(new ServerSettings(5, "c", "k"), ServerSettings.Parse(["--port", "5", "--tls", "--cert", "c", "--key", "k"]));
        Assert.Equal(new ServerSettings(5, "c", "k"), ServerSettings.Parse(["--port=5", "--use_tls=true", "--tls_cert_file=c", "--tls_key_file=k"]));
    }

    [Fact]
    public void Files_for_TLS_are_left_alone_where_it_is_said_to_be_off_and_refused_where_it_is_forgotten()
    {
        var plaintext = ClientSettings.Parse(["--use_tls=false", "--use_test_ca=true", "--ca_file=ca.pem", "--server_port=1"]);
        Assert.Equal(new Uri("http://localhost:1"), plaintext.Address);
        Assert.Null(plaintext.CaFile);
        Assert.Equal(new ServerSettings(5, null, null), ServerSettings.Parse(["--port=5", "--use_tls=false", "--tls_cert_file=c", "--tls_key_file=k"]));

        Assert.Contains("'ca.pem'", Assert.Throws<UsageException>(() => ClientSettings.Parse(["--ca_file=ca.pem"])).Message);
        Assert.Contains("'c'", Assert.Throws<UsageException>(() => ServerSettings.Parse(["--cert=c", "--key=k"])).Message);
    }

    [Theory]
    [InlineData("--test_case=nothing", "'nothing'", "empty_unary")]
    [InlineData("--nonsense=1", "--nonsense=1", "--server_host")]
    [InlineData("nonsense", "'nonsense'", "--server_port")]
    [InlineData("--server_port=70000", "'70000'", "65535")]
    [InlineData("--use_tls=maybe", "'maybe'", "true nor false")]
    [InlineData("--soak_iterations=0", "'0'", "--soak_iterations")]
    [InlineData("--use_test_ca", "--use_test_ca", "--ca_file")]
    [InlineData("--server_host=a/b", "'a/b'", "--server_host")]
    public void What_is_wrong_with_a_flag_is_told_with_its_value_and_what_is_known(string flag, string value, string more)
    {
        var problem = Assert.Throws<UsageException>(() => ClientSettings.Parse([flag])).Message;
        Assert.Contains(value, problem);
        Assert.Contains(more, problem);
    }

    [Fact]
    public async Task The_programs_say_what_is_wrong_in_one_line_and_end_with_a_code_of_its_own()
    {
        var error = new StringWriter();
        Assert.Equal(InteropCommand.Usage, await InteropCommand.RunAsync(["server", "--port=1", "--use_tls"], TextWriter.Null, error));
        Assert.Contains("--cert", error.ToString());
        Assert.Equal(InteropCommand.Usage, await InteropCommand.RunAsync(["server", "--use_tls", "--cert", "no-such.pem", "--key", "no-such.key", "--port=0"], TextWriter.Null, error));
        Assert.Contains("no-such.pem", error.ToString());
        Assert.Equal(InteropCommand.Usage, await InteropCommand.RunAsync(["neither"], TextWriter.Null, error));
        Assert.Contains("'neither'", error.ToString());
    }
}
