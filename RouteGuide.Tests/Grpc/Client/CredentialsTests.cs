using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>TLS, channel credentials and call credentials.</summary>
public class CredentialsTests
{
    [Fact]
    public async Task A_channel_trusts_the_roots_of_its_handler()
    {
        await using var secure = await SecureServer.Start();
        using var channel = secure.CreateChannel();

        Assert.Equal([1], await Call(channel));
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_fails_the_call()
    {
        await using var secure = await SecureServer.Start();
        using var channel = GrpcChannel.ForAddress(secure.Address);

        var failure = await ByteCalls.Failure(() => Call(channel).ResponseAsync);

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains("SSL", failure.Status.Detail);
    }

    [Fact]
    public async Task Call_credentials_are_sent_over_tls_and_know_the_call()
    {
        await using var secure = await SecureServer.Start();
        using var channel = secure.CreateChannel();
        AuthInterceptorContext? seen = null;
        var credentials = CallCredentials.FromInterceptor(async (context, metadata) =>
        {
            await Task.Yield();
            seen = context;
            metadata.Add("authorization", "Bearer x");
        });

        await Call(channel, new CallOptions(credentials: credentials));

        Assert.Equal("Bearer x", secure.LastHeaders!["authorization"]);
        Assert.Equal($"https://{secure.Address.Authority}/bytes.Service", seen!.ServiceUrl);
        Assert.Equal("Unary", seen.MethodName);
    }

    [Theory]
    [InlineData("https://example.com", "https://example.com/bytes.Service")]
    [InlineData("https://example.com:443", "https://example.com/bytes.Service")]
    [InlineData("https://example.com:8443", "https://example.com:8443/bytes.Service")]
    public async Task Call_credentials_are_asked_for_by_the_url_of_the_service_without_the_default_port(string address, string url)
    {
        string? seen = null;
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = new Answering(), DisposeHttpClient = true });
        var credentials = CallCredentials.FromInterceptor((context, _) =>
        {
            seen = context.ServiceUrl;
            return Task.CompletedTask;
        });

        await Call(channel, new CallOptions(credentials: credentials));

        Assert.Equal(url, seen);
    }

    [Fact]
    public async Task A_client_certificate_of_the_handler_is_shown_to_the_server()
    {
        using var certificate = TestCertificate.Create();
        using var own = TestCertificate.Create();
        string? seen = null;
        await using var server = await PlainServer.Start(
            context =>
            {
                seen = context.Connection.ClientCertificate?.Thumbprint;
                return Wire.Reply(context, [[1]]);
            },
            listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (given, _, _) => given.Thumbprint == own.Thumbprint;
            }));
        var handler = TestCertificate.HandlerTrusting(certificate);
        handler.SslOptions.ClientCertificates = [own];
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });

        Assert.Equal([1], await Call(channel));
        Assert.Equal(own.Thumbprint, seen);
    }

    [Fact]
    public async Task Credentials_of_the_channel_come_before_those_of_the_call()
    {
        await using var secure = await SecureServer.Start();
        var order = new List<string>();
        var ofChannel = CallCredentials.Compose(Add("1"), Add("2"));
        using var channel = secure.CreateChannel(ChannelCredentials.Create(ChannelCredentials.SecureSsl, ofChannel));

        await Call(channel, new CallOptions(credentials: Add("3")));

        Assert.Equal(["1", "2", "3"], order);
        Assert.Equal("1, 2, 3", secure.LastHeaders!["x-credential"]);

        CallCredentials Add(string value) => CallCredentials.FromInterceptor((_, metadata) =>
        {
            order.Add(value);
            metadata.Add("x-credential", value);
            return Task.CompletedTask;
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_credentials_are_skipped_on_plaintext_unless_the_channel_says_otherwise(bool isUnsafe)
    {
        var headers = new TaskCompletionSource<bool>();
        await using var calls = await ByteCalls.Start(
            async context =>
            {
                headers.TrySetResult(context.Request.Headers.ContainsKey("authorization"));
                await Wire.Reply(context, [[1]]);
            },
            new GrpcChannelOptions { UnsafeUseInsecureChannelCallCredentials = isUnsafe });
        var credentials = CallCredentials.FromInterceptor((_, metadata) =>
        {
            metadata.Add("authorization", "x");
            return Task.CompletedTask;
        });

        await calls.CallUnary(options: new CallOptions(credentials: credentials));

        Assert.Equal(isUnsafe, await headers.Task);
    }

    [Fact]
    public async Task Credentials_that_cannot_be_made_fail_the_call()
    {
        await using var secure = await SecureServer.Start();
        using var channel = secure.CreateChannel();
        var credentials = CallCredentials.FromInterceptor((_, _) => throw new FormatException("no token"));

        var failure = await ByteCalls.Failure(() => Call(channel, new CallOptions(credentials: credentials)).ResponseAsync);

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains("no token", failure.Status.Detail);
    }

    [Fact]
    public async Task Credentials_that_never_come_end_at_the_deadline()
    {
        await using var secure = await SecureServer.Start();
        using var channel = secure.CreateChannel();
        var credentials = CallCredentials.FromInterceptor((context, _) => Task.Delay(Timeout.Infinite, context.CancellationToken));

        var failure = await ByteCalls.Failure(
            () => Call(channel, new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(200), credentials: credentials)).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public void Credentials_that_do_not_go_with_the_scheme_are_refused()
    {
        Assert.Throws<InvalidOperationException>(() => Create("https://localhost", ChannelCredentials.Insecure));
        Assert.Throws<InvalidOperationException>(() => Create("http://localhost", ChannelCredentials.SecureSsl));
        Create("http://localhost", ChannelCredentials.Insecure).Dispose();
        Create("https://localhost", ChannelCredentials.SecureSsl).Dispose();
    }

    [Fact]
    public void Call_credentials_on_insecure_channel_credentials_are_refused()
    {
        var credentials = ChannelCredentials.Create(ChannelCredentials.Insecure, CallCredentials.FromInterceptor((_, _) => Task.CompletedTask));

        Assert.Throws<InvalidOperationException>(() => Create("http://localhost", credentials));
    }

    [Fact]
    public void Ssl_credentials_with_arguments_are_refused() =>
        Assert.Throws<InvalidOperationException>(() => Create("https://localhost", new SslCredentials("roots")));

    private static GrpcChannel Create(string address, ChannelCredentials credentials) =>
        GrpcChannel.ForAddress(address, new GrpcChannelOptions { Credentials = credentials });

    private static AsyncUnaryCall<byte[]> Call(GrpcChannel channel, CallOptions options = default) =>
        channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, options, [1]);

    /// <summary>Answers every request without a server.</summary>
    private sealed class Answering : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage { Version = HttpVersion.Version20, RequestMessage = request, Content = new ByteArrayContent(Wire.Frame([1])) };
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            response.TrailingHeaders.Add("grpc-status", "0");
            return Task.FromResult(response);
        }
    }

    private sealed class SecureServer : IAsyncDisposable
    {
        private readonly System.Security.Cryptography.X509Certificates.X509Certificate2 _certificate = TestCertificate.Create();
        private PlainServer? _server;

        public Uri Address => _server!.Address;

        public Dictionary<string, string>? LastHeaders { get; private set; }

        public static async Task<SecureServer> Start()
        {
            var secure = new SecureServer();
            secure._server = await PlainServer.Start(secure.Answer, listen => listen.UseHttps(secure._certificate));
            return secure;
        }

        public GrpcChannel CreateChannel(ChannelCredentials? credentials = null) => GrpcChannel.ForAddress(
            Address, new GrpcChannelOptions { HttpHandler = TestCertificate.HandlerTrusting(_certificate), DisposeHttpClient = true, Credentials = credentials });

        public async ValueTask DisposeAsync()
        {
            await _server!.DisposeAsync();
            _certificate.Dispose();
        }

        private Task Answer(HttpContext context)
        {
            LastHeaders = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            return Wire.Reply(context, [[1]]);
        }
    }
}
