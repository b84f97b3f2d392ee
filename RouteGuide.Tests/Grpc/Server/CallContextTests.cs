using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>What a handler learns of its call.</summary>
public sealed class CallContextTests
{
    [Fact]
    public async Task The_context_says_method_host_and_peer()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) => Task.FromResult(new Feature { Name = $"{context.Method} {context.Host} {context.Peer} {context.AuthContext.IsPeerAuthenticated}" }),
        });
        await using var h2 = await host.ConnectAsync();
        var name = Feature.Parser.ParseFrom(Assert.Single((await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).Messages).Payload).Name;
        Assert.Matches(@"^/routeguide\.RouteGuide/GetFeature localhost ipv4:127\.0\.0\.1:\d+ False$", name);
    }

    [Theory]
    [InlineData("::1", "ipv6:[::1]:4711")]
    [InlineData("10.1.2.3", "ipv4:10.1.2.3:4711")]
    [InlineData(null, "unknown")]
    public async Task The_peer_is_named_as_a_target_is(string? address, string peer)
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(new ScriptedRouteGuide { Unary = (_, context) => Task.FromResult(new Feature { Name = context.Peer }) });
            },
            app =>
            {
                app.Use((http, next) =>
                {
                    (http.Connection.RemoteIpAddress, http.Connection.RemotePort) = (address is null ? null : IPAddress.Parse(address), 4711);
                    return next(http);
                });
                app.MapGrpcService<ScriptedRouteGuide>();
            });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal(peer, Feature.Parser.ParseFrom(Assert.Single((await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).Messages).Payload).Name);
    }

    [Fact]
    public async Task The_user_state_is_the_items_of_the_request_and_the_request_is_at_hand()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(new ScriptedRouteGuide
                {
                    Unary = (_, context) =>
                    {
                        Assert.Equal(context.GetHttpContext().TraceIdentifier, context.UserState["trace"]);
                        context.UserState["answer"] = 42;
                        return Task.FromResult(new Feature { Name = $"{context.GetHttpContext().Items["answer"]}" });
                    },
                });
            },
            app =>
            {
                app.Use((http, next) =>
                {
                    http.Items["trace"] = http.TraceIdentifier;
                    return next(http);
                });
                app.MapGrpcService<ScriptedRouteGuide>();
            });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("42", Feature.Parser.ParseFrom(Assert.Single((await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).Messages).Payload).Name);
    }

    [Theory]
    [InlineData(true, "x509_subject_alternative_name", "client.example,second.example")]
    [InlineData(false, "x509_common_name", "the client")]
    public async Task A_client_certificate_says_who_the_peer_is(bool withAlternativeNames, string property, string identity)
    {
        AuthContext? seen = null;
        using var serverCertificate = MakeCertificate("localhost", []);
        using var clientCertificate = MakeCertificate("the client", withAlternativeNames ? ["client.example", "second.example"] : []);
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(new ScriptedRouteGuide
                {
                    Unary = (_, context) =>
                    {
                        seen = context.AuthContext;
                        return Task.FromResult(new Feature());
                    },
                });
            },
            app => app.MapGrpcService<ScriptedRouteGuide>(),
            listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = serverCertificate;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => certificate.Thumbprint == clientCertificate.Thumbprint;
            }));
        await using var h2 = await RawHttp2Connection.ConnectAsync(host.Address, tls: new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificates = [clientCertificate],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.GetCertHashString() == serverCertificate.GetCertHashString(),
        });
        Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), (":scheme", "https"))).GrpcStatus);
        Assert.True(seen!.IsPeerAuthenticated);
        Assert.Equal(property, seen.PeerIdentityPropertyName);
        Assert.Equal(identity, string.Join(',', seen.PeerIdentity.Select(p => p.Value)));
        Assert.Equal("the client", Assert.Single(seen.FindPropertiesByName("x509_common_name")).Value);
    }

    [Fact]
    public void The_request_of_a_context_written_by_a_test_is_found_in_its_user_state()
    {
        var context = new Bare();
        Assert.Throws<InvalidOperationException>(() => context.GetHttpContext());
        var http = new DefaultHttpContext();
        context.UserState["__HttpContext"] = http;
        Assert.Same(http, context.GetHttpContext());
    }

    private static X509Certificate2 MakeCertificate(string commonName, string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        if (names.Length > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var name in names) alternatives.AddDnsName(name);
            request.CertificateExtensions.Add(alternatives.Build());
        }

        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private sealed class Bare : ServerCallContext
    {
        protected override string MethodCore => "";

        protected override string HostCore => "";

        protected override string PeerCore => "";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore => [];

        protected override CancellationToken CancellationTokenCore => default;

        protected override Metadata ResponseTrailersCore => [];

        protected override Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore => new(null, []);

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
