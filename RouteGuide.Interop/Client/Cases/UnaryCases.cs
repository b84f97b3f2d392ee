using Google.Protobuf;
using Grpc.Testing;

namespace RouteGuide.Interop.Client;

/// <summary>Single messages, without and with a payload.</summary>
internal static class UnaryCases
{
    /// <summary>Bytes of payload in the large requests of the descriptions.</summary>
    public const int LargeRequest = 271_828;

    /// <summary>Bytes of payload in the large responses of the descriptions.</summary>
    public const int LargeResponse = 314_159;

    public static async Task EmptyUnaryAsync(TestRun run, CancellationToken cancellationToken) =>
        Expect.Equal(new Empty(), await run.Channel.Test.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken));

    public static async Task LargeUnaryAsync(TestRun run, CancellationToken cancellationToken)
    {
        var response = await run.Channel.Test.UnaryCallAsync(Request(LargeRequest, LargeResponse), cancellationToken: cancellationToken);
        Expect.Zeros(LargeResponse, response.Payload);
    }

    public static SimpleRequest Request(int size, int responseSize) => new() { ResponseSize = responseSize, Payload = Zeros(size) };

    public static Payload Zeros(int size) => new() { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };
}
