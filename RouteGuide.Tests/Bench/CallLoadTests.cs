using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Bench.Calls;
using RouteGuide.Bench.Cli;
using Spectre.Console;

namespace RouteGuide.Tests.Bench;

/// <summary>The calls that are measured, over real sockets.</summary>
public sealed class CallLoadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("Unary1", 1)]
    [InlineData("Unary50", 50)]
    [InlineData("ServerStreaming", 1_000)]
    [InlineData("ClientStreaming", 1_000)]
    [InlineData("Duplex1", 100)]
    [InlineData("Duplex50", 5_000)]
    public async Task Every_call_message_or_pair_is_counted(string load, long calls)
    {
        await using var server = await Server.Start(isBare: false);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var cost = await new CallClient(new Routeguide.RouteGuide.RouteGuideClient(channel)).Measure(Enum.Parse<CallLoad>(load), TimeSpan.Zero);
        Assert.Equal(calls, cost.Calls);
        Assert.True(cost.Usage.Bytes > 0, "nothing was allocated");
    }

    [Fact]
    public async Task The_bare_endpoint_answers_as_the_service_does_and_has_no_other_method()
    {
        await using var server = await Server.Start(isBare: true);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        Assert.Equal(CallMessages.Answer(CallMessages.Place), await client.GetFeatureAsync(CallMessages.Place));
        await Assert.ThrowsAsync<RpcException>(() => new CallClient(client).Measure(CallLoad.ServerStreaming, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_server_says_what_it_has_used()
    {
        await using var server = await Server.Start(isBare: false);
        var before = ProcessUsage.Parse(await server.Ask("7"));
        var after = ProcessUsage.Parse(await server.Ask("8"));
        Assert.True(before.Bytes > 0 && (after - before) is { CpuMicros: >= 0, Bytes: >= 0 }, $"{before} and {after}");
    }

    [Fact]
    public async Task Failed_calls_are_told_instead_of_a_cost()
    {
        await using var server = await Server.Start(isBare: true);
        var (input, output) = (new Lines(), new Spoken());
        var client = CallClient.Serve(server.Address, isOverSockets: true, input, output);
        input.Say("1 ServerStreaming 1");
        Assert.Equal(CallClient.Ready, await output.Next());
        Assert.StartsWith($"{CallClient.Result}1 {CallClient.Failure}", await output.Next());
        input.End();
        await client.WaitAsync(Patience);
    }

    // What h2load sends and checks.
    [Fact]
    public void Unary_messages_are_as_long_as_those_of_the_comparison_of_proxies() =>
        Assert.Equal((15, 80), (CallMessages.UnaryRequest.Length, CallMessages.UnaryReply.Length));

    [Theory]
    [InlineData("--seconds", "0")]
    [InlineData("--rounds", "21")]
    [InlineData("--rows", "unary-2")]
    public async Task A_wrong_option_is_named_with_its_value(string option, string value)
    {
        using var error = new StringWriter();
        Assert.Equal(2, await BenchCommand.Invoke(["grpc", option, value], AnsiConsole.Console, TextWriter.Null, error));
        Assert.Contains(option, error.ToString());
        Assert.Contains($"'{value}'", error.ToString());
    }

    private sealed class Server(Lines input, Spoken output, Task serving, Uri address) : IAsyncDisposable
    {
        public Uri Address => address;

        public static async Task<Server> Start(bool isBare)
        {
            var (input, output) = (new Lines(), new Spoken());
            var serving = CallServer.Serve(isBare, input, output);
            var ready = await Task.WhenAny(output.Next(), serving) is Task<string> line ? await line : throw new InvalidOperationException("The server ended.", serving.Exception);
            Assert.StartsWith(CallServer.Ready, ready);
            return new Server(input, output, serving, new Uri(ready[CallServer.Ready.Length..]));
        }

        public async Task<string> Ask(string number)
        {
            input.Say(number);
            var line = await output.Next();
            Assert.StartsWith($"{CallServer.Used}{number} ", line);
            return line[$"{CallServer.Used}{number} ".Length..];
        }

        public async ValueTask DisposeAsync()
        {
            input.End();
            await serving.WaitAsync(Patience);
        }
    }

    /// <summary>Standard input.</summary>
    private sealed class Lines : TextReader
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public void Say(string line) => Assert.True(_lines.Writer.TryWrite(line));

        public void End() => _lines.Writer.Complete();

        public override async Task<string?> ReadLineAsync() => await _lines.Reader.WaitToReadAsync() && _lines.Reader.TryRead(out var line) ? line : null;
    }

    /// <summary>Standard output.</summary>
    private sealed class Spoken : StringWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public override Task WriteLineAsync(string? value) => _lines.Writer.WriteAsync(value ?? "").AsTask();

        public Task<string> Next() => _lines.Reader.ReadAsync().AsTask().WaitAsync(Patience);
    }
}
