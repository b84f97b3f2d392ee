using System.Collections.Concurrent;
using System.IO.Compression;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Options for all services, and for one.</summary>
public sealed class ServiceOptionsTests
{
    [Fact]
    public async Task What_is_set_for_a_service_goes_before_what_is_set_for_all()
    {
        await using var host = await StartAsync(
            all =>
            {
                all.MaxReceiveMessageSize = 1000;
                all.MaxSendMessageSize = 1000;
            },
            one =>
            {
                one.MaxReceiveMessageSize = 10;
                one.MaxSendMessageSize = 10;
            });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("8", (await EchoAsync(h2, 11)).GrpcStatus);
        Assert.Equal("0", (await EchoAsync(h2, 5)).GrpcStatus);
    }

    [Fact]
    public async Task No_limit_for_a_service_is_a_setting_too()
    {
        await using var host = await StartAsync(
            all =>
            {
                all.MaxReceiveMessageSize = 10;
                all.MaxSendMessageSize = 10;
            },
            one =>
            {
                one.MaxReceiveMessageSize = null;
                one.MaxSendMessageSize = null;
            });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("0", (await EchoAsync(h2, 5_000_000)).GrpcStatus);
    }

    [Fact]
    public async Task What_is_not_set_for_a_service_is_as_for_all()
    {
        await using var host = await StartAsync(
            all =>
            {
                all.MaxSendMessageSize = 10;
                all.ResponseCompressionAlgorithm = "gzip";
            },
            one => one.EnableDetailedErrors = true);
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("8", (await EchoAsync(h2, 11)).GrpcStatus);
        var compressed = await h2.CallAsync(ScriptedRouteGuide.DuplexPath, new RouteNote(), ("grpc-accept-encoding", "gzip"));
        Assert.Equal("gzip", compressed.Header("grpc-encoding"));
    }

    [Fact]
    public async Task Compression_providers_of_a_service_go_before_those_of_the_same_name_for_all_and_the_others_stay()
    {
        var used = new ConcurrentQueue<string>();
        await using var host = await StartAsync(
            all =>
            {
                all.CompressionProviders = [new Naming("gzip", "all", used), new Naming("other", "all", used)];
                all.ResponseCompressionAlgorithm = "gzip";
            },
            one => one.CompressionProviders = [new Naming("gzip", "one", used)]);
        await using var h2 = await host.ConnectAsync();
        var note = new RouteNote { Message = "m" }.ToByteArray();

        foreach (var encoding in (string[])["gzip", "other"])
        {
            var call = await h2.CallWithBodyAsync(
                ScriptedRouteGuide.DuplexPath, RawHttp2Stream.Frame(note, 1), ("grpc-encoding", encoding), ("grpc-accept-encoding", "gzip"));
            Assert.Equal("0", call.GrpcStatus);
        }

        Assert.Equal(["one reads gzip", "one writes gzip", "all reads other", "one writes gzip"], used);
    }

    private static Task<GrpcHost> StartAsync(Action<GrpcServiceOptions> all, Action<GrpcServiceOptions<ScriptedRouteGuide>> one) => GrpcHost.StartAsync(
        services =>
        {
            services.AddGrpc(all).AddServiceOptions(one);
            services.AddSingleton(new ScriptedRouteGuide());
        },
        app => app.MapGrpcService<ScriptedRouteGuide>());

    private static Task<RawHttp2Stream> EchoAsync(RawHttp2Connection h2, int length) =>
        h2.CallAsync(ScriptedRouteGuide.DuplexPath, new RouteNote { Message = new string('m', length) });

    /// <summary>Changes nothing, and says that it was asked to.</summary>
    private sealed class Naming(string encoding, string whose, ConcurrentQueue<string> used) : ICompressionProvider
    {
        public string EncodingName => encoding;

        public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel)
        {
            used.Enqueue($"{whose} writes {encoding}");
            return stream;
        }

        public Stream CreateDecompressionStream(Stream stream)
        {
            used.Enqueue($"{whose} reads {encoding}");
            return stream;
        }
    }
}
