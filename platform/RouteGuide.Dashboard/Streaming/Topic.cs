using System.Text.Json;
using System.Threading.Channels;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Streaming;

/// <summary>One subject of the stream that each window of the front end has.</summary>
internal interface ITopic
{
    /// <summary>What it is asked for by, and what its events are called.</summary>
    string Name { get; }

    /// <summary>Checks what is asked for, and answers with what sends the events until the window is gone.</summary>
    /// <exception cref="ProblemException">It cannot be done as asked.</exception>
    Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query);
}

/// <summary>Sends events of a topic. What cannot be sent at once waits, and with it the topic: nothing piles up for a slow window.</summary>
/// <param name="name">The events' name.</param>
/// <param name="events">Where they go.</param>
internal sealed class TopicWriter(string name, ChannelWriter<StreamEvent> events)
{
    public ValueTask Send<T>(T data, CancellationToken cancellationToken) =>
        events.WriteAsync(new StreamEvent(name, JsonSerializer.SerializeToUtf8Bytes(data, Json.Options)), cancellationToken);
}

/// <summary>An event on its way.</summary>
/// <param name="Name">Its name; empty for a sign of life.</param>
/// <param name="Data">Its JSON.</param>
internal readonly record struct StreamEvent(string Name, byte[] Data);
