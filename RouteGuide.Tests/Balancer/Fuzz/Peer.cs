using RouteGuide.Http2;
using RouteGuide.Tests.Balancer.Http2;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>The other end of a <see cref="ScriptedChannel"/>: legal traffic for what has been asked, with mistakes if the case wants them.</summary>
/// <param name="channel">The balancer's end.</param>
/// <param name="receiver">The balancer's role there.</param>
/// <param name="random">Of the case.</param>
/// <param name="mistakes">Of a hundred chunks so many have one.</param>
internal sealed class Peer(ScriptedChannel channel, Http2Role receiver, Random random, int mistakes)
{
    private readonly Traffic _traffic = new(receiver, random);
    private readonly Mutation _mutation = new(receiver, random);
    private readonly Queue<byte> _waiting = [];
    private int _lastSeen = -1; // the last stream that the balancer opened
    private bool _begun;

    public ScriptedChannel Channel => channel;

    /// <summary>Says something, cut anywhere; nothing while the balancer does not read.</summary>
    public void Speak()
    {
        if (channel.IsOver || channel.IsPaused) return;
        if (_waiting.Count < 2_000) Prepare();
        var chunk = new byte[Math.Min(_waiting.Count, random.Next(1, random.Next(2) == 0 ? 100 : 5_000))];
        for (var i = 0; i < chunk.Length; i++) chunk[i] = _waiting.Dequeue();
        if (chunk.Length > 0) channel.Deliver(chunk);
    }

    /// <summary>Reads slowly from now on, or at full speed again.</summary>
    public void Toggle()
    {
        channel.IsSlow = !channel.IsSlow;
        channel.FinishSending();
    }

    /// <summary>Goes away without a word.</summary>
    public void Break()
    {
        channel.HasPeerClosed = true;
        if (random.Next(2) == 0) channel.End(random.Next(2) == 0 ? null : "reset by the peer");
    }

    private void Prepare()
    {
        List<byte[]> frames = [];
        if (!_begun) frames.AddRange(_traffic.Begin());
        _begun = true;
        if (receiver == Http2Role.Client)
        {
            for (var id = _lastSeen + 2; id <= channel.Judge.LastOpened; id += 2) _traffic.Open(id);
            _lastSeen = Math.Max(_lastSeen, channel.Judge.LastOpened);
            if (random.Next(60) == 0) frames.Add(HpackWire.GoAway(random.Next(2) == 0 ? int.MaxValue : Math.Max(0, _lastSeen), Http2ErrorCode.NoError, "max_age"));
        }

        foreach (var id in channel.Judge.Resets) _traffic.Forget(id);
        frames.AddRange(_traffic.More(random.Next(1, 12)));
        if (random.Next(100) < mistakes && frames.Count > 0) _mutation.Spoil(frames);
        foreach (var frame in frames)
        {
            foreach (var octet in frame) _waiting.Enqueue(octet);
        }
    }
}
