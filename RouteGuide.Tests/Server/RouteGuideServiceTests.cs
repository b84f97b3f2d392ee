using Grpc.Core;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Server;

public sealed class RouteGuideServiceTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    private Routeguide.RouteGuide.RouteGuideClient Client => _server.Client;

    public async ValueTask InitializeAsync() => _server = await RunningServer.Start("--RouteGuide:MaxChatNotes", "5", "--RouteGuide:MaxChatBytes", "1000");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task GetFeature_finds_the_feature_at_exactly_that_point()
    {
        var feature = await Client.GetFeatureAsync(Points.At(409146138, -746188906));
        Assert.Equal("Berkshire Valley Management Area Trail, Jefferson, NJ, USA", feature.Name);
        Assert.Equal(Points.At(409146138, -746188906), feature.Location);
    }

    [Fact]
    public async Task GetFeature_answers_with_the_asked_point_and_no_name_where_nothing_is()
    {
        var feature = await Client.GetFeatureAsync(Points.At(409146138, -746188905));
        Assert.Equal(new Feature { Location = Points.At(409146138, -746188905) }, feature);
    }

    [Theory]
    [InlineData(900_000_001, 0, "latitude 900000001")]
    [InlineData(0, -1_800_000_001, "longitude -1800000001")]
    public async Task GetFeature_refuses_a_point_off_the_globe_and_names_it(int latitude, int longitude, string named)
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.GetFeatureAsync(Points.At(latitude, longitude)));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(named, error.Status.Detail);
    }

    [Fact]
    public async Task ListFeatures_streams_all_features_inside_in_file_order()
    {
        var expected = Known.Features.Where(f => f.Location.Latitude is >= 400_000_000 and <= 415_000_000 && f.Location.Longitude is >= -748_000_000 and <= -730_000_000).ToList();
        Assert.InRange(expected.Count, 1, 99);
        Assert.Equal(expected, await List(Points.At(400_000_000, -748_000_000), Points.At(415_000_000, -730_000_000)));
    }

    [Fact]
    public async Task ListFeatures_takes_the_corners_in_any_order_and_includes_the_borders()
    {
        var first = Known.Features[0].Location;
        var second = Known.Features[1].Location;
        var found = await List(first, second);
        Assert.Contains(Known.Features[0], found);
        Assert.Contains(Known.Features[1], found);
        Assert.Equal(found, await List(second, first));
        Assert.Equal(found, await List(Points.At(first.Latitude, second.Longitude), Points.At(second.Latitude, first.Longitude)));
    }

    [Fact]
    public async Task ListFeatures_of_the_whole_globe_is_the_whole_file() =>
        Assert.Equal(Known.Features, await List(Points.At(900_000_000, 1_800_000_000), Points.At(-900_000_000, -1_800_000_000)));

    [Fact]
    public async Task ListFeatures_names_the_corner_that_is_off_the_globe()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => List(Points.At(0, 0), Points.At(0, 1_900_000_000)));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("hi.longitude 1900000000", error.Status.Detail);
        var violation = Assert.Single(error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations);
        Assert.Equal(("hi.longitude", error.Status.Detail), (violation.Field, violation.Description));
        Assert.Equal((int)StatusCode.InvalidArgument, error.GetRpcStatus()!.Code);
    }

    [Fact]
    public async Task RecordRoute_gives_the_known_answer_for_the_known_route()
    {
        var summary = await Record(Known.Route);
        Assert.Equal((10, 10, Known.RouteMetres), (summary.PointCount, summary.FeatureCount, summary.Distance));
        Assert.InRange(summary.ElapsedTime, 0, 60);
    }

    [Fact]
    public async Task RecordRoute_counts_named_and_unnamed_features_but_not_other_points()
    {
        var unnamed = Known.Features.First(f => f.Name.Length == 0).Location;
        var summary = await Record([Known.Features[0].Location, unnamed, Points.At(1, 1)]);
        Assert.Equal((3, 2), (summary.PointCount, summary.FeatureCount));
    }

    [Fact]
    public async Task RecordRoute_of_no_points_is_all_zero() => Assert.Equal(new RouteSummary(), await Record([]));

    [Fact]
    public async Task RecordRoute_of_a_journey_longer_than_the_field_says_the_largest_value()
    {
        var summary = await Record(Enumerable.Range(0, 200).Select(i => Points.At(i % 2 == 0 ? 900_000_000 : -900_000_000, 0)));
        Assert.Equal((200, int.MaxValue), (summary.PointCount, summary.Distance));
    }

    [Fact]
    public async Task RecordRoute_refuses_a_point_off_the_globe()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => Record([Points.At(0, 0), Points.At(-900_000_001, 0)]));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("latitude -900000001", error.Status.Detail);
    }

    [Fact]
    public async Task RouteChat_answers_each_note_with_the_earlier_ones_at_its_location()
    {
        using var call = Client.RouteChat();
        await Send(call, "a", 1, 1);
        await Send(call, "b", 2, 2);
        await Send(call, "c", 1, 1);
        Assert.Equal(["a"], await Read(call, 1));
        await Send(call, "d", 1, 1);
        Assert.Equal(["a", "c"], await Read(call, 2));
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task RouteChat_keeps_the_notes_of_each_call_apart()
    {
        using var one = Client.RouteChat();
        using var other = Client.RouteChat();
        await Send(one, "a", 1, 1);
        await Send(one, "b", 1, 1);
        Assert.Equal(["a"], await Read(one, 1));
        await Send(other, "c", 1, 1);
        await other.RequestStream.CompleteAsync();
        Assert.False(await other.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task RouteChat_stores_no_more_notes_than_configured()
    {
        using var call = Client.RouteChat();
        for (var i = 0; i < 6; i++) await Send(call, "note", i, i);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal((StatusCode.ResourceExhausted, "a chat may store 5 notes"), (error.StatusCode, error.Status.Detail));
        Assert.Equal("Patriots Path, Mendham, NJ 07945, USA", (await Client.GetFeatureAsync(Known.Features[0].Location)).Name);
    }

    [Fact]
    public async Task RouteChat_stores_no_more_bytes_than_configured()
    {
        using var call = Client.RouteChat();
        await Send(call, new string('x', 600), 0, 0);
        await Send(call, new string('x', 600), 1, 0);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal((StatusCode.ResourceExhausted, "a chat may store 1000 bytes of notes"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task RouteChat_takes_a_note_without_a_location_as_one_at_the_origin()
    {
        using var call = Client.RouteChat();
        await call.RequestStream.WriteAsync(new RouteNote { Message = "nowhere" });
        await Send(call, "origin", 0, 0);
        Assert.Equal(["nowhere"], await Read(call, 1));
    }

    [Fact]
    public async Task Every_answer_names_the_replica_even_one_that_fails()
    {
        using var good = Client.GetFeatureAsync(new Point());
        var header = (await good.ResponseHeadersAsync).GetValue("x-routeguide-replica");
        Assert.Equal($"server-{Environment.ProcessId}", header);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.GetFeatureAsync(Points.At(int.MaxValue, 0)));
        Assert.Equal(header, error.Trailers.GetValue("x-routeguide-replica"));
    }

    private static Task Send(AsyncDuplexStreamingCall<RouteNote, RouteNote> call, string message, int latitude, int longitude) =>
        call.RequestStream.WriteAsync(new RouteNote { Message = message, Location = Points.At(latitude, longitude) });

    private static async Task<List<string>> Read(AsyncDuplexStreamingCall<RouteNote, RouteNote> call, int count)
    {
        var messages = new List<string>();
        while (messages.Count < count && await call.ResponseStream.MoveNext()) messages.Add(call.ResponseStream.Current.Message);
        return messages;
    }

    private async Task<List<Feature>> List(Point lo, Point hi)
    {
        using var call = Client.ListFeatures(new Rectangle { Lo = lo, Hi = hi });
        var features = new List<Feature>();
        await foreach (var feature in call.ResponseStream.ReadAllAsync()) features.Add(feature);
        return features;
    }

    private async Task<RouteSummary> Record(IEnumerable<Point> points)
    {
        using var call = Client.RecordRoute();
        try
        {
            foreach (var point in points) await call.RequestStream.WriteAsync(point);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The server may answer before it has read everything; the answer says why.
        }

        return await call;
    }
}
