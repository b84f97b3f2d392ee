using System.Net;
using System.Text;
using Google.Protobuf;
using Grpc.AspNetCore.Web;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuide.Tests.Grpc.Client;
using static RouteGuide.Tests.Support.GrpcWeb;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>gRPC-Web by hand, as a browser sends it: HTTP/1.1, binary and base64, trailers as the last frame of the body.</summary>
public sealed class GrpcWebTests
{
    [Theory]
    [InlineData(Binary, HttpProtocols.Http1)]
    [InlineData(Text, HttpProtocols.Http1)]
    [InlineData(Binary + "+proto", HttpProtocols.Http2)]
    public async Task A_unary_call_answers_with_the_message_and_a_frame_of_trailers(string type, HttpProtocols protocols)
    {
        await using var host = await Serve(new ScriptedRouteGuide
        {
            Unary = (point, context) =>
            {
                context.ResponseTrailers.Add("x-trailer", "later");
                return Task.FromResult(new Feature { Name = context.RequestHeaders.GetValue("x-asked"), Location = point });
            },
        }, protocols);
        var asked = new Point { Latitude = 1, Longitude = 2 };

        using var response = await Post(host, ScriptedRouteGuide.UnaryPath, type, Wire.Frame(asked.ToByteArray()), protocols, ("x-asked", "this"));
        var (messages, trailers) = await Read(response);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(new Feature { Name = "this", Location = asked }, Feature.Parser.ParseFrom(Assert.Single(messages)));
        Assert.Equal("0", trailers["grpc-status"]);
        Assert.Equal("later", trailers["x-trailer"]);
    }

    [Theory]
    [InlineData(Binary)]
    [InlineData(Text)]
    public async Task Each_message_of_a_stream_arrives_when_it_is_written(string type)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await Serve(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, _) =>
            {
                await responses.WriteAsync(new Feature { Name = "first" });
                await goOn.Task;
                await responses.WriteAsync(new Feature { Name = "second" });
                throw new RpcException(new Status(StatusCode.Aborted, "enough, 100%"));
            },
        });

        using var response = await Post(host, ScriptedRouteGuide.ServerStreamingPath, type, Wire.Frame([]));
        var body = await response.Content.ReadAsStreamAsync();
        var first = Wire.Frame(new Feature { Name = "first" }.ToByteArray());
        // A text of its own with padding: nothing of the message waits for the next one.
        var begin = new byte[type == Text ? (first.Length + 2) / 3 * 4 : first.Length];
        await body.ReadExactlyAsync(begin);
        Assert.Equal(first, Decode(type, begin));
        goOn.SetResult();

        var rest = new MemoryStream();
        await body.CopyToAsync(rest);
        var (messages, trailers) = Split(Decode(type, rest.ToArray()));
        Assert.Equal("second", Feature.Parser.ParseFrom(Assert.Single(messages)).Name);
        Assert.Equal(("10", "enough, 100%25"), (trailers["grpc-status"], trailers["grpc-message"]));
    }

    [Fact]
    public async Task A_failure_without_a_message_is_told_in_the_headers()
    {
        await using var host = await Serve(new ScriptedRouteGuide { Unary = (_, _) => throw new RpcException(new Status(StatusCode.NotFound, "nothing here")) });

        using var response = await Post(host, ScriptedRouteGuide.UnaryPath, Binary, Wire.Frame([]));

        Assert.Equal("5", response.Headers.GetValues("grpc-status").Single());
        Assert.Equal("nothing here", response.Headers.GetValues("grpc-message").Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_text_body_may_be_several_texts_with_padding_in_any_cut()
    {
        await using var host = await Serve(new ScriptedRouteGuide());
        var point = new Point { Latitude = 7 };
        var frame = Wire.Frame(point.ToByteArray());
        var text = Convert.ToBase64String(frame[..1]) + Convert.ToBase64String(frame[1..5]) + Convert.ToBase64String(frame[5..]);

        using var response = await Post(host, ScriptedRouteGuide.UnaryPath, Text, Encoding.ASCII.GetBytes(text), encode: false);
        var (messages, _) = await Read(response);

        Assert.Equal(point, Feature.Parser.ParseFrom(Assert.Single(messages)).Location);
    }

    [Theory]
    [InlineData("no base64 at all!!!!")]
    [InlineData("AAA")]
    public async Task A_text_body_that_is_no_base64_is_refused_and_is_no_error_of_the_server(string body)
    {
        await using var host = await Serve(new ScriptedRouteGuide());

        using var response = await Post(host, ScriptedRouteGuide.UnaryPath, Text, Encoding.ASCII.GetBytes(body), encode: false);

        Assert.Equal("2", response.Headers.GetValues("grpc-status").Single());
        Assert.DoesNotContain(host.Logged, entry => entry.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task The_deadline_ends_a_call_whose_handler_does_not()
    {
        await using var host = await Serve(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, context) =>
            {
                await responses.WriteAsync(new Feature { Name = "first" });
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            },
        });

        using var response = await Post(host, ScriptedRouteGuide.ServerStreamingPath, Binary, Wire.Frame([]), more: ("grpc-timeout", "2S"));
        var (_, trailers) = await Read(response);

        // On a busy machine the time may be up before the first message: then the headers say it.
        Assert.Equal("4", response.Headers.TryGetValues("grpc-status", out var status) ? status.Single() : trailers["grpc-status"]);
    }

    [Theory]
    [InlineData(false, null, 415)]
    [InlineData(true, null, 200)]
    [InlineData(true, false, 415)]
    [InlineData(false, true, 200)]
    public async Task Only_endpoints_that_enable_it_serve_it(bool byDefault, bool? onEndpoint, int expected)
    {
        await using var host = await GrpcHost.StartAsync(
            services => services.AddGrpc(),
            app =>
            {
                app.UseRouting();
                app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = byDefault });
                var endpoints = app.MapGrpcService<Unscripted>();
                if (onEndpoint == true) endpoints.EnableGrpcWeb();
                if (onEndpoint == false) endpoints.DisableGrpcWeb();
            },
            listen => listen.Protocols = HttpProtocols.Http1);

        using var response = await Post(host, ScriptedRouteGuide.UnaryPath, Binary, Wire.Frame([]));

        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_browser_of_another_origin_may_call_and_read_the_status_where_CORS_says_so()
    {
        await using var host = await Serve(new ScriptedRouteGuide { Unary = (_, _) => throw new RpcException(new Status(StatusCode.NotFound, "")) });
        using var client = new HttpClient();
        using var question = new HttpRequestMessage(HttpMethod.Options, new Uri(host.Address, ScriptedRouteGuide.UnaryPath));
        question.Headers.Add("Origin", "https://app.example");
        question.Headers.Add("Access-Control-Request-Method", "POST");
        question.Headers.Add("Access-Control-Request-Headers", "content-type,x-grpc-web,grpc-timeout");
        using var answer = await client.SendAsync(question);
        Assert.Equal("https://app.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("x-grpc-web", answer.Headers.GetValues("Access-Control-Allow-Headers").Single());

        using var response = await Post(host, ScriptedRouteGuide.UnaryPath, Binary, Wire.Frame([]), more: ("Origin", "https://app.example"));

        Assert.Equal("https://app.example", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("Grpc-Status", string.Join(',', response.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("5", response.Headers.GetValues("grpc-status").Single());
    }

    private static Task<GrpcHost> Serve(ScriptedRouteGuide service, HttpProtocols protocols = HttpProtocols.Http1) => GrpcHost.StartAsync(
        services =>
        {
            services.AddGrpc();
            services.AddSingleton(service);
            services.AddCors(options => options.AddDefaultPolicy(policy => policy
                .WithOrigins("https://app.example")
                .AllowAnyMethod()
                .AllowAnyHeader()
                .WithExposedHeaders("Grpc-Status", "Grpc-Message", "Grpc-Encoding", "Grpc-Accept-Encoding")));
        },
        app =>
        {
            app.UseRouting();
            app.UseCors();
            app.UseGrpcWeb();
            app.MapGrpcService<ScriptedRouteGuide>().EnableGrpcWeb();
        },
        listen => listen.Protocols = protocols);

    private static async Task<HttpResponseMessage> Post(
        GrpcHost host, string path, string type, byte[] body, HttpProtocols protocols = HttpProtocols.Http1, (string Name, string Value) more = default, bool encode = true)
    {
        using var client = new HttpClient();
        return await PostAsync(client, new Uri(host.Address, path), type, body, protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11, more, encode);
    }

    private sealed class Unscripted : Routeguide.RouteGuide.RouteGuideBase
    {
        public override Task<Feature> GetFeature(Point request, ServerCallContext context) => Task.FromResult(new Feature());
    }
}
