using System.Text.Json.Nodes;
using Grpc.Core;
using RouteGuide.Client.Cli;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Client;

/// <summary>The commands call, list and describe, against a server that describes itself.</summary>
public sealed class CallTests : IAsyncLifetime
{
    private const string Service = "routeguide.tests.EverythingService";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData($"{Service}/Echo")]
    [InlineData($"{Service}.Echo")]
    [InlineData($"/{Service}/Echo")]
    public async Task Calls_a_unary_method(string name)
    {
        var result = await Run("call", name, """{"int64Field": "5", "textToLong": {"a": 1}}""");
        Assert.Equal((0, "{\n  \"int64Field\": \"5\",\n  \"textToLong\": {\n    \"a\": \"1\"\n  }\n}\n", ""), (result.Code, result.Output, result.Error));
    }

    [Fact]
    public async Task Sends_an_empty_message_where_none_is_given() => Assert.Equal((0, "{}\n"), Seen(await Run("call", $"{Service}/Echo")));

    [Fact]
    public async Task Writes_a_document_for_each_message_of_a_server_stream() =>
        Assert.Equal((0, "{\"int32Field\":3}\n{\"int32Field\":3}\n{\"int32Field\":3}\n"), Seen(await Run("call", $"{Service}/Repeat", "{\"int32Field\":3}", "--compact")));

    [Theory]
    [InlineData("""{"stringField":"a"} {"stringField":"b"}""", """{"int32Field":2,"strings":["a","b"]}""")]
    [InlineData("", """{"int32Field":0,"strings":[]}""")]
    public async Task Sends_each_document_of_the_input_to_a_client_stream(string input, string answer)
    {
        var result = await CommandLine.RunAsync(_server.Address, input, ["call", $"{Service}/Collect", "-d", "-", "--compact", "--emit-defaults"]);
        var (got, wanted) = (JsonNode.Parse(result.Output)!, JsonNode.Parse(answer)!);
        Assert.Equal((int)wanted["int32Field"]!, (int)got["int32Field"]!);
        Assert.True(JsonNode.DeepEquals(wanted["strings"], got["strings"]));
        Assert.Equal("0", (string)got["int64Field"]!);
        Assert.Equal("COLOUR_UNSPECIFIED", (string)got["colour"]!);
    }

    [Fact]
    public async Task Streams_both_ways_from_a_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "{\"stringField\":\"a\"}\n{\"stringField\":\"b\"}\n");
            Assert.Equal((0, "{\"stringField\":\"a\"}\n{\"stringField\":\"b\"}\n"), Seen(await Run("call", $"{Service}/EchoEach", $"@{file}", "--compact")));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Says_the_status_and_ends_with_64_and_its_code()
    {
        var result = await Run("call", $"{Service}/Fail", """{"int32Field": 5, "stringField": "no such thing"}""");
        Assert.Equal((ExitCode.StatusBase + (int)StatusCode.NotFound, "", "routeguide client: NOT_FOUND: no such thing\n"), (result.Code, result.Output, result.Error.ReplaceLineEndings("\n")));
    }

    [Fact]
    public async Task A_call_that_takes_too_long_ends_with_68()
    {
        var result = await Run("call", $"{Service}/Hang", "--timeout", "3s");
        Assert.Equal(ExitCode.StatusBase + (int)StatusCode.DeadlineExceeded, result.Code);
        Assert.Contains("DEADLINE_EXCEEDED", result.Error);
    }

    [Fact]
    public async Task Sends_metadata_and_tells_headers_and_trailers_when_asked_to()
    {
        var result = await Run("call", $"{Service}/Echo", "{}", "-H", "x-echo: hello there", "-H", "x-data-bin: AQI=", "-v");
        Assert.Equal((0, "{}\n"), Seen(result));
        Assert.Contains($"> /{Service}/Echo", result.Error);
        Assert.Contains("< server: Kestrel", result.Error);
        Assert.Contains("< x-echoed: hello there", result.Error);
        Assert.Contains("< OK, 1 message in ", result.Error);
    }

    [Fact]
    public async Task Nothing_that_a_server_says_controls_the_terminal()
    {
        const string Hostile = "{\"stringField\": \"\\u001b[31mred\\u0007\\u009b2J\\u202e\", \"int32Field\": 3}";
        var echoed = await Run("call", $"{Service}/Echo", Hostile);
        Assert.Contains("\\u001b[31mred\\u0007\\u009b2J\\u202e", echoed.Output);
        var failed = await Run("call", $"{Service}/Fail", Hostile);
        Assert.Equal(ExitCode.StatusBase + (int)StatusCode.InvalidArgument, failed.Code);
        Assert.All(echoed.Output + failed.Output + failed.Error, c => Assert.True(c is '\n' or '\r' || (!char.IsControl(c) && c != '\u202e'), $"U+{(int)c:X4}"));
    }

    [Theory]
    [InlineData("METHOD: 'Echo' is not package.Service/Method.", "call", "Echo")]
    [InlineData($"METHOD: {Service} has no method 'Ecko'; did you mean Echo?", "call", $"{Service}/Ecko")]
    [InlineData($"METHOD: the server has no service 'routeguide.tests.EverythingServic'; did you mean {Service}?", "call", "routeguide.tests.EverythingServic/Echo")]
    [InlineData("line 1, column 16, at int32Field: \"x\" is not a whole number from", "call", $"{Service}/Echo", "{\"int32Field\": \"x\"}")]
    [InlineData("line 2, column 2: routeguide.tests.Everything has no field \"x\"", "call", $"{Service}/EchoEach", "{}\n{\"x\": 1}")]
    [InlineData("takes one routeguide.tests.Everything, and more were given", "call", $"{Service}/Echo", "{} {}")]
    [InlineData("--data: '/nowhere/at/all' cannot be read", "call", $"{Service}/Echo", "@/nowhere/at/all")]
    [InlineData("--data: JSON is given twice", "call", $"{Service}/Echo", "{}", "-d", "{}")]
    [InlineData("--header: 'novalue' is not 'name: value'", "call", $"{Service}/Echo", "-H", "novalue")]
    [InlineData("--header: 'grpc-timeout: 1S' is not", "call", $"{Service}/Echo", "-H", "grpc-timeout: 1S")]
    [InlineData("--timeout: 'soon' is not a time such as", "call", $"{Service}/Echo", "--timeout", "soon")]
    [InlineData("SERVICE: the server has no service 'x.Y'", "list", "x.Y")]
    [InlineData("SYMBOL: the server does not know 'x.Y'", "describe", "x.Y")]
    public async Task Says_what_is_wrong_and_ends_with_2(string said, params string[] args)
    {
        var result = await Run(args);
        Assert.Contains(said, result.Error);
        Assert.Equal(ExitCode.Usage, result.Code);
    }

    [Fact]
    public async Task Lists_services_and_methods()
    {
        var services = await Run("list");
        Assert.Equal((0, $"grpc.reflection.v1.ServerReflection\ngrpc.reflection.v1alpha.ServerReflection\n{Service}\n"), Seen(services));
        var methods = await Run("list", Service);
        Assert.Equal((0, string.Concat(((string[])["Echo", "Repeat", "Collect", "EchoEach", "Fail", "Hang"]).Select(name => $"{Service}/{name}\n"))), Seen(methods));
    }

    [Fact]
    public async Task Describes_what_a_proto_file_declares()
    {
        Assert.Equal((0, "rpc EchoEach(stream routeguide.tests.Everything) returns (stream routeguide.tests.Everything);\n"), Seen(await Run("describe", $"{Service}/EchoEach")));
        Assert.Equal((0, "enum Colour {\n  COLOUR_UNSPECIFIED = 0;\n  RED = 1;\n  GREEN = 2;\n  NEGATIVE = -3;\n}\n"), Seen(await Run("describe", "routeguide.tests.Colour")));
        Assert.Equal((0, "repeated string strings = 35;\n"), Seen(await Run("describe", "routeguide.tests.Everything.strings")));
        var message = (await Run("describe", "routeguide.tests.Everything")).Output;
        foreach (var line in (string[])["  optional int32 optional_int32 = 20;\n", "  map<bool, routeguide.tests.Colour> bool_to_colour = 42;\n", "  oneof choice {\n    int32 choice_int = 50;\n", "  google.protobuf.Timestamp timestamp = 60;\n"]) Assert.Contains(line, message);
        Assert.Contains("  required int32 needed = 1;\n", (await Run("describe", "routeguide.tests.Legacy")).Output);
    }

    [Fact]
    public async Task Packs_and_unpacks_an_any_of_a_type_that_the_server_knows()
    {
        const string Json = """{"any":{"@type":"type.googleapis.com/routeguide.tests.Legacy","needed":1,"text":"x"}}""";
        Assert.Equal((0, Json + "\n"), Seen(await Run("call", $"{Service}/Echo", Json, "--compact")));
    }

    [Fact]
    public async Task Nobody_at_the_address_ends_with_3() =>
        Assert.Equal(ExitCode.Unreachable, (await CommandLine.RunAsync(new Uri($"http://127.0.0.1:{Ports.Free()}"), "call", $"{Service}/Echo")).Code);

    [Theory]
    [InlineData("call")]
    [InlineData("list")]
    [InlineData("describe")]
    [InlineData("load")]
    [InlineData("chat")]
    public async Task Help_has_an_example(string command) => Assert.Contains($"Example: routeguide-client {command} ", (await Run(command, "--help")).Output);

    private Task<CommandLine.Result> Run(params string[] args) => CommandLine.RunAsync(_server.Address, args);

    private static (int Code, string Output) Seen(CommandLine.Result result) => (result.Code, result.Output);
}
