using System.Net;
using Google.Protobuf;
using Routeguide;
using RouteGuide.Server;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Grpc.Client;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Server;

/// <summary>The server as programs in browsers meet it: gRPC-Web over HTTP/1.1 and TLS, from origins that may call and others.</summary>
public sealed class WebClientTests
{
    private const string App = "https://app.example";

    private static readonly Point Somewhere = Points.At(409146138, -746188906);

    [Theory]
    [InlineData(GrpcWeb.Binary)]
    [InlineData(GrpcWeb.Text)]
    public async Task A_feature_is_found_and_features_are_listed_over_http_1(string type)
    {
        await using var server = await Secure.Start();

        using var one = await server.Post("GetFeature", Somewhere, type);
        var (found, trailers) = await GrpcWeb.Read(one);
        Assert.Equal((HttpStatusCode.OK, type), (one.StatusCode, one.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith("Berkshire", Feature.Parser.ParseFrom(Assert.Single(found)).Name, StringComparison.Ordinal);
        Assert.Equal("0", trailers["grpc-status"]);

        var everywhere = new Rectangle { Lo = Points.At(400000000, -750000000), Hi = Points.At(420000000, -730000000) };
        using var all = await server.Post("ListFeatures", everywhere, type);
        (found, trailers) = await GrpcWeb.Read(all);
        Assert.Equal(100, found.Count);
        Assert.Equal("0", trailers["grpc-status"]);
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_details()
    {
        await using var server = await Secure.Start();

        using var response = await server.Post("GetFeature", new Point { Latitude = 900_000_001 }, GrpcWeb.Binary);

        Assert.Equal("3", response.Headers.GetValues("grpc-status").Single());
        Assert.NotEmpty(response.Headers.GetValues("grpc-status-details-bin"));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(null, "Production", App, false)]
    [InlineData(null, "Production", "http://localhost:3000", false)]
    [InlineData(null, "Development", "http://localhost:3000", true)]
    [InlineData(null, "Development", App, false)]
    [InlineData("https://other.example; " + App, "Production", App, true)]
    [InlineData(App, "Development", "http://localhost:3000", false)]
    [InlineData("*", "Production", App, true)]
    public async Task Pages_of_other_origins_call_where_the_settings_let_them(string? allowed, string environment, string origin, bool mayCall)
    {
        await using var server = await Secure.Start(["--environment", environment, .. allowed is null ? (string[])[] : ["--RouteGuide:WebOrigins", allowed]]);
        using var question = new HttpRequestMessage(HttpMethod.Options, server.Method("GetFeature"));
        question.Headers.Add("Origin", origin);
        question.Headers.Add("Access-Control-Request-Method", "POST");
        question.Headers.Add("Access-Control-Request-Headers", "content-type,x-grpc-web,grpc-timeout");
        using var answer = await server.Http.SendAsync(question);
        Assert.Equal(mayCall, answer.Headers.Contains("Access-Control-Allow-Origin"));

        using var response = await server.Post("GetFeature", Somewhere, GrpcWeb.Binary, ("Origin", origin));
        Assert.Equal(mayCall, response.Headers.Contains("Access-Control-Allow-Origin"));
        if (!mayCall) return;
        var readable = string.Join(',', response.Headers.GetValues("Access-Control-Expose-Headers"));
        foreach (var name in (string[])["grpc-status", "grpc-message", "grpc-status-details-bin", "x-routeguide-replica"])
            Assert.Contains(name, readable, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("app.example")]
    [InlineData("https://app.example/")]
    [InlineData("ftp://app.example")]
    [InlineData("https://ok.example;nonsense")]
    public void What_is_no_origin_is_refused_at_the_start(string origins)
    {
        var refusal = Assert.Throws<ConfigurationException>(() => ServerApp.Create(["--RouteGuide:WebOrigins", origins]));
        Assert.Contains("RouteGuide:WebOrigins", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(origins.Split(';')[^1], refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A server with TLS, which speaks HTTP/1.1 too, and a client that trusts it.</summary>
    private sealed class Secure(RunningServer server, TestCertificates certificates) : IAsyncDisposable
    {
        public HttpClient Http { get; } = new(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = certificates.TrustPolicy() } });

        public static async Task<Secure> Start(params string[] args)
        {
            var certificates = new TestCertificates();
            var server = await RunningServer.Start([
                "--urls", "https://127.0.0.1:0",
                "--Kestrel:Certificates:Default:Path", certificates.CertificateFile,
                "--Kestrel:Certificates:Default:KeyPath", certificates.KeyFile,
                .. args]);
            return new Secure(server, certificates);
        }

        public Uri Method(string name) => new(server.Address, $"/routeguide.RouteGuide/{name}");

        public Task<HttpResponseMessage> Post(string method, IMessage request, string type, (string Name, string Value) more = default) =>
            GrpcWeb.PostAsync(Http, Method(method), type, Wire.Frame(request.ToByteArray()), more: more);

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await server.DisposeAsync();
            certificates.Dispose();
        }
    }
}
