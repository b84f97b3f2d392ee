using RouteGuide.Interop.Cli;

namespace RouteGuide.Interop.Client;

/// <summary>What a case runs with.</summary>
/// <param name="Settings">The command line.</param>
/// <param name="Channel">A channel of the case's own.</param>
/// <param name="Output">Where it says what it measures.</param>
internal sealed record TestRun(ClientSettings Settings, ClientChannel Channel, TextWriter Output);

/// <summary>The cases of the public gRPC interop test descriptions, by name.</summary>
internal static class TestCases
{
    public static IReadOnlyDictionary<string, Func<TestRun, CancellationToken, Task>> All { get; } = new Dictionary<string, Func<TestRun, CancellationToken, Task>>
    {
        ["empty_unary"] = UnaryCases.EmptyUnaryAsync,
        ["large_unary"] = UnaryCases.LargeUnaryAsync,
        ["client_compressed_unary"] = CompressionCases.ClientUnaryAsync,
        ["server_compressed_unary"] = CompressionCases.ServerUnaryAsync,
        ["client_streaming"] = StreamingCases.ClientStreamingAsync,
        ["client_compressed_streaming"] = CompressionCases.ClientStreamingAsync,
        ["server_streaming"] = StreamingCases.ServerStreamingAsync,
        ["server_compressed_streaming"] = CompressionCases.ServerStreamingAsync,
        ["ping_pong"] = StreamingCases.PingPongAsync,
        ["empty_stream"] = StreamingCases.EmptyStreamAsync,
        ["timeout_on_sleeping_server"] = EndingCases.TimeoutOnSleepingServerAsync,
        ["cancel_after_begin"] = EndingCases.CancelAfterBeginAsync,
        ["cancel_after_first_response"] = EndingCases.CancelAfterFirstResponseAsync,
        ["status_code_and_message"] = EndingCases.StatusCodeAndMessageAsync,
        ["special_status_message"] = EndingCases.SpecialStatusMessageAsync,
        ["custom_metadata"] = EndingCases.CustomMetadataAsync,
        ["unimplemented_method"] = EndingCases.UnimplementedMethodAsync,
        ["unimplemented_service"] = EndingCases.UnimplementedServiceAsync,
        ["rpc_soak"] = SoakCases.RpcSoakAsync,
        ["channel_soak"] = SoakCases.ChannelSoakAsync,
        ["orca_per_rpc"] = LoadCases.PerCallAsync,
        ["orca_oob"] = LoadCases.OutOfBandAsync,
    };

    /// <summary>Whether a case looks at how responses travelled, beside what they say.</summary>
    public static bool LooksAtResponses(string testCase) => testCase is "server_compressed_unary" or "server_compressed_streaming";
}
