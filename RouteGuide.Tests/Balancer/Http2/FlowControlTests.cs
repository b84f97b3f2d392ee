using FsCheck;
using FsCheck.Fluent;
using RouteGuide.Http2;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>The small types that connections are made of: windows, states, tables, buckets, queues.</summary>
public sealed class FlowControlTests
{
    [Fact]
    public void RFC9113_6_9_1_a_window_above_two_to_the_31_is_refused_and_left_alone()
    {
        var window = new FlowWindow(FlowWindow.Default);
        Assert.False(window.TryAdd(int.MaxValue));
        Assert.Equal(FlowWindow.Default, window.Available);
        Assert.True(window.TryAdd(int.MaxValue - FlowWindow.Default));
        Assert.Equal(int.MaxValue, window.Available);
    }

    [Fact]
    public void RFC9113_6_9_2_a_window_goes_below_zero_and_comes_back()
    {
        var window = new FlowWindow(100);
        window.Take(80);
        Assert.True(window.TryAdd(-100));
        Assert.Equal(-80, window.Available);
        Assert.True(window.TryAdd(81));
        Assert.Equal(1, window.Available);
    }

    [Fact]
    public void A_receiver_gives_back_exactly_what_was_consumed_and_the_peer_can_never_have_more_than_the_window()
    {
        var step = from take in Gen.Choose(0, 400) from consume in Gen.Choose(0, 400) select (take, consume);
        Prop.ForAll(step.ListOf().ToArbitrary(), Gen.Choose(1, 1000).ToArbitrary(), (steps, size) =>
        {
            var window = new ReceiveWindow(size);
            var (peer, held) = (size, 0);
            foreach (var (take, consume) in steps)
            {
                Assert.Equal(take <= peer, window.TryTake(take));
                if (take <= peer)
                {
                    peer -= take;
                    held += take;
                }

                var done = Math.Min(consume, held);
                held -= done;
                peer += window.Consume(done);
                Assert.Equal(peer, window.Available);
                Assert.InRange(peer + held, 0, size);
                // Less than half of the window is ever kept back.
                Assert.True(size - peer - held < Math.Max(1, size / 2));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(StreamState.Idle, StreamEvent.Headers, StreamState.Open)]
    [InlineData(StreamState.Open, StreamEvent.SendEnd, StreamState.HalfClosedLocal)]
    [InlineData(StreamState.Open, StreamEvent.ReceiveEnd, StreamState.HalfClosedRemote)]
    [InlineData(StreamState.Open, StreamEvent.Reset, StreamState.Closed)]
    [InlineData(StreamState.HalfClosedLocal, StreamEvent.ReceiveEnd, StreamState.Closed)]
    [InlineData(StreamState.HalfClosedLocal, StreamEvent.Reset, StreamState.Closed)]
    [InlineData(StreamState.HalfClosedRemote, StreamEvent.SendEnd, StreamState.Closed)]
    [InlineData(StreamState.HalfClosedRemote, StreamEvent.Reset, StreamState.Closed)]
    internal void RFC9113_5_1_legal_transitions(StreamState from, StreamEvent what, StreamState to)
    {
        Assert.True(StreamStates.TryNext(from, what, out var next));
        Assert.Equal(to, next);
    }

    [Fact]
    public void RFC9113_5_1_all_other_transitions_are_refused_and_change_nothing()
    {
        var legal = 0;
        foreach (var state in Enum.GetValues<StreamState>())
        {
            foreach (var what in Enum.GetValues<StreamEvent>())
            {
                if (StreamStates.TryNext(state, what, out var next)) legal++;
                else Assert.Equal(state, next);
            }
        }

        Assert.Equal(8, legal);
    }

    [Fact]
    public void The_stream_table_agrees_with_a_dictionary()
    {
        var step = from id in Gen.Choose(0, 40) from add in ArbMap.Default.GeneratorFor<bool>() select (id: id * 2 + 1, add);
        Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var table = new StreamTable();
            var model = new Dictionary<int, Http2Stream>();
            foreach (var (id, add) in steps)
            {
                if (add && !model.ContainsKey(id))
                {
                    var stream = new Http2Stream();
                    stream.Open(id, 1, 1);
                    table.Add(stream);
                    model.Add(id, stream);
                }
                else if (!add)
                {
                    table.Remove(id);
                    model.Remove(id);
                }

                Assert.Equal(model.Count, table.Count);
                for (var i = 1; i < 85; i += 2) Assert.Same(model.GetValueOrDefault(i), table.Find(i));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Closed_streams_are_remembered_up_to_the_capacity_and_older_ones_known_to_be_forgotten()
    {
        var closed = new ClosedStreams(4);
        Assert.Equal(StreamEnding.Ended, closed.EndingOf(1));
        for (var id = 1; id <= 11; id += 2) closed.Remember(id, id % 4 == 1 ? StreamEnding.ResetByUs : StreamEnding.ResetByPeer);
        Assert.Equal(StreamEnding.Forgotten, closed.EndingOf(1));
        Assert.Equal(StreamEnding.Forgotten, closed.EndingOf(3));
        Assert.Equal(StreamEnding.ResetByUs, closed.EndingOf(5));
        Assert.Equal(StreamEnding.ResetByPeer, closed.EndingOf(11));
        Assert.Equal(StreamEnding.Ended, closed.EndingOf(13));
    }

    [Fact]
    public void A_bucket_lets_a_burst_through_and_then_the_rate()
    {
        var bucket = new TokenBucket(10, 2);
        for (var i = 0; i < 10; i++) Assert.True(bucket.TryTake(1, 5000));
        Assert.False(bucket.TryTake(1, 5000));
        Assert.False(bucket.TryTake(1, 5499));
        Assert.True(bucket.TryTake(1, 5500));
        Assert.True(bucket.TryTake(10, long.MaxValue / 2));
        Assert.False(bucket.TryTake(1, long.MaxValue / 2));
        bucket.Earn(100);
        Assert.True(bucket.TryTake(10, long.MaxValue / 2));
        Assert.False(bucket.TryTake(1, long.MaxValue / 2));
    }

    [Fact]
    public void A_queue_gives_back_the_octets_in_their_order()
    {
        var step = from add in ArbMap.Default.GeneratorFor<byte[]>() from times in Gen.Choose(1, 900) from take in Gen.Choose(0, 20_000) select (add, times, take);
        Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var queue = new ChunkQueue();
            var model = new Queue<byte>();
            foreach (var (add, times, take) in steps)
            {
                byte[] octets = [.. Enumerable.Repeat(add, times).SelectMany(o => o)];
                queue.Append(octets);
                foreach (var octet in octets) model.Enqueue(octet);
                for (var left = Math.Min(take, model.Count); left > 0;)
                {
                    var head = queue.Peek();
                    var count = Math.Min(left, head.Length);
                    foreach (var octet in head[..count]) Assert.Equal(model.Dequeue(), octet);
                    queue.Advance(count);
                    left -= count;
                }

                Assert.Equal(model.Count, queue.Length);
            }

            queue.Clear();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));
    }

    [Fact]
    public void A_limit_outside_its_range_is_named()
    {
        Http2Limits.Default.Validate();
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new Http2Limits { MaxFrameSize = 100 }.Validate());
        Assert.Equal(nameof(Http2Limits.MaxFrameSize), error.ParamName);
        Assert.Contains("16384", error.Message);
    }
}
