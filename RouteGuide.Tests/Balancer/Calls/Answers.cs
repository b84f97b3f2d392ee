using System.Globalization;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>Targets that answer in one way, and keep what they were sent.</summary>
internal sealed class Answers : IAsyncDisposable
{
    private readonly List<RawHttp2Stream> _calls = [];
    private readonly Lock _sync = new();

    public Answers(Func<RawHttp2Stream, Task> answer) => Target = RawTarget.Start((_, stream) =>
    {
        lock (_sync) _calls.Add(stream);
        return answer(stream);
    });

    public RawTarget Target { get; }

    public Uri Url => Target.Url;

    /// <summary>The calls that came, in order.</summary>
    public IReadOnlyList<RawHttp2Stream> Calls
    {
        get
        {
            lock (_sync) return [.. _calls];
        }
    }

    /// <summary>One of them, as soon as it has come.</summary>
    public async Task<RawHttp2Stream> Call(int index)
    {
        await Eventually.Until(() => Calls.Count > index, $"call {index} at the target");
        return Calls[index];
    }

    /// <summary>A status as all of the answer.</summary>
    public static Answers Of(int status, params (string Name, string Value)[] more) => new(async stream =>
    {
        await stream.HasMessages(1);
        await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", status.ToString(CultureInfo.InvariantCulture)), .. more], end: true);
    });

    /// <summary>A message and status 0.</summary>
    public static Answers Well() => new(async stream =>
    {
        await stream.HasMessages(1);
        await RawTarget.Answer(stream);
    });

    /// <summary>Nothing, until the test does it.</summary>
    public static Answers Never() => new(_ => Task.CompletedTask);

    public ValueTask DisposeAsync() => Target.DisposeAsync();
}
