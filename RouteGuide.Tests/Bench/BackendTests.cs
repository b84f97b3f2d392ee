using RouteGuide.Bench.Backend;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Bench;

/// <summary>The backend of the comparison, by frames.</summary>
public sealed class BackendTests : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly BackendServer? _server;
    private readonly Thread? _thread;

    public BackendTests()
    {
        if (!OperatingSystem.IsLinux()) return;
        _server = new BackendServer(count: 2);
        _thread = new Thread(() => _server.Run(_ending.Token));
        _thread.Start();
    }

    public static TheoryData<int, int> Shapes => new() { { 1, 75 }, { 1, 0 }, { 1000, 1024 }, { 1, 1 << 20 }, { 3, 20_000 } };

    public void Dispose()
    {
        _ending.Cancel();
        _thread?.Join();
        _server?.Dispose();
        _ending.Dispose();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_call_is_answered_with_what_it_asks_for(int messages, int size)
    {
        await using var h2 = await Connect();
        var shape = new CallShape(messages, size);
        for (var call = 0; call < 3; call++)
        {
            var stream = await h2.OpenAsync(RawHttp2Connection.GrpcRequest("/routeguide.RouteGuide/GetFeature"));
            await stream.SendDataAsync(shape.ToRequest(), end: true);
            await stream.Ended();
            Assert.Equal("0", stream.GrpcStatus);
            Assert.Equal(shape.ResponseSize, stream.Data.Length);
        }
    }

    [Fact]
    public async Task A_request_may_come_in_pieces()
    {
        await using var h2 = await Connect();
        var request = CallShape.Unary.ToRequest();
        var stream = await h2.OpenAsync(RawHttp2Connection.GrpcRequest("/routeguide.RouteGuide/GetFeature"));
        await stream.SendDataAsync(request.AsMemory(0, 3), end: false);
        await stream.SendDataAsync(request.AsMemory(3), end: false);
        await stream.SendDataAsync(default, end: true);
        await stream.Ended();
        Assert.Equal(("0", CallShape.Unary.ResponseSize), (stream.GrpcStatus, stream.Data.Length));
    }

    [Fact]
    public void A_shape_comes_back_out_of_its_request_and_an_absurd_one_does_not()
    {
        Assert.True(CallShape.TryRead(CallShape.Stream.ToRequest(), out var shape));
        Assert.Equal(CallShape.Stream, shape);
        Assert.False(CallShape.TryRead(new CallShape(int.MaxValue, int.MaxValue).ToRequest(), out _));
        Assert.False(CallShape.TryRead(CallShape.Stream.ToRequest().AsSpan(0, 8), out _));
    }

    private Task<RawHttp2Connection> Connect()
    {
        if (_server is null) Assert.Skip("the backend uses epoll");
        return RawHttp2Connection.ConnectAsync(new Uri($"http://127.0.0.1:{_server.Ports[1]}"));
    }
}
