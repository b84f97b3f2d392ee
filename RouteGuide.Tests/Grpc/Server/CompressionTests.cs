using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Compression;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Compressed messages, in and out.</summary>
public sealed class CompressionTests
{
    private static readonly Feature Long = new() { Name = new string('z', 5000) };

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_compressed_request_is_read(string encoding)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var point = new Point { Latitude = 7, Longitude = 8 };
        var call = await h2.CallWithBodyAsync(ScriptedRouteGuide.UnaryPath, RawHttp2Stream.Frame(Compress(encoding, point.ToByteArray()), 1), ("grpc-encoding", encoding));
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(point, Feature.Parser.ParseFrom(Assert.Single(call.Messages).Payload).Location);
    }

    [Fact]
    public async Task Deflate_without_the_zlib_format_is_refused()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        using var bare = new MemoryStream();
        using (var deflate = new DeflateStream(bare, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(new Point { Latitude = 7 }.ToByteArray());
        var call = await h2.CallWithBodyAsync(ScriptedRouteGuide.UnaryPath, RawHttp2Stream.Frame(bare.ToArray(), 1), ("grpc-encoding", "deflate"));
        Assert.Equal("2", call.GrpcStatus);
    }

    [Fact]
    public async Task An_uncompressed_message_is_fine_under_any_encoding()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        foreach (var encoding in new[] { "gzip", "identity", "snappy" })
            Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("grpc-encoding", encoding))).GrpcStatus);
    }

    [Theory]
    [InlineData(null, "13", "Request did not include grpc-encoding value with compressed message.")]
    [InlineData("identity", "13", "Request sent 'identity' grpc-encoding value with compressed message.")]
    [InlineData("snappy", "12", "Unsupported grpc-encoding value 'snappy'. Supported encodings: identity, gzip, deflate")]
    public async Task A_compressed_message_whose_encoding_is_not_known_is_refused(string? encoding, string status, string message)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        (string, string)[] headers = encoding is null ? [] : [("grpc-encoding", encoding)];
        var call = await h2.CallWithBodyAsync(ScriptedRouteGuide.UnaryPath, RawHttp2Stream.Frame([1, 2, 3], 1), headers);
        Assert.Equal(status, call.GrpcStatus);
        Assert.Equal(message, call.GrpcMessage);
        Assert.Equal(status == "12" ? "identity,gzip,deflate" : null, call.Header("grpc-accept-encoding"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_small_frame_that_unfolds_beyond_the_limit_is_RESOURCE_EXHAUSTED(string encoding)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var bomb = Compress(encoding, new byte[4 * 1024 * 1024 + 1]);
        Assert.True(bomb.Length < 64 * 1024);
        foreach (var path in new[] { ScriptedRouteGuide.UnaryPath, ScriptedRouteGuide.ClientStreamingPath })
        {
            var call = await h2.CallWithBodyAsync(path, RawHttp2Stream.Frame(bomb, 1), ("grpc-encoding", encoding));
            Assert.Equal("8", call.GrpcStatus);
            Assert.Equal("Received message exceeds the maximum configured message size.", call.GrpcMessage);
        }
    }

    [Theory]
    [InlineData("gzip", "identity,gzip,deflate", "gzip")]
    [InlineData("deflate", "identity, deflate", "deflate")]
    [InlineData("gzip", "identity,deflate", null)]
    [InlineData("gzip", "", null)]
    public async Task Responses_are_compressed_for_callers_that_accept_it(string configured, string accepted, string? used)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, _) => Task.FromResult(Long) }, options => options.ResponseCompressionAlgorithm = configured);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("grpc-accept-encoding", accepted));
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(used, call.Header("grpc-encoding"));
        Assert.Null(call.Header("grpc-accept-encoding"));
        var (flag, payload) = Assert.Single(call.Messages);
        Assert.Equal(used is null ? 0 : 1, flag);
        Assert.Equal(Long, Feature.Parser.ParseFrom(used is null ? payload : Decompress(used, payload)));
        if (used is not null) Assert.True(payload.Length < 500);
    }

    [Fact]
    public async Task NoCompress_leaves_a_message_as_it_is_and_keeps_the_header()
    {
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                ServerStreaming = async (_, responses, _) =>
                {
                    await responses.WriteAsync(Long);
                    responses.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
                    await responses.WriteAsync(Long);
                    responses.WriteOptions = null;
                    await responses.WriteAsync(new Feature());
                },
            },
            options => options.ResponseCompressionAlgorithm = "gzip");
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle(), ("grpc-accept-encoding", "gzip"));
        Assert.Equal("gzip", call.Header("grpc-encoding"));
        // What is empty cannot be made smaller.
        Assert.Equal([1, 0, 0], call.Messages.Select(m => (int)m.Flag));
        Assert.Equal(Long, Feature.Parser.ParseFrom(call.Messages[1].Payload));
        Assert.Empty(call.Messages[2].Payload);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "")]
    [InlineData(1, "1f8b080000000000000303000000000000000000")]
    public async Task An_empty_request_of_a_compressed_call_is_read_in_every_form(byte flag, string payload)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallWithBodyAsync(ScriptedRouteGuide.UnaryPath, RawHttp2Stream.Frame(Convert.FromHexString(payload), flag), ("grpc-encoding", "gzip"));
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(new Point(), Feature.Parser.ParseFrom(Assert.Single(call.Messages).Payload).Location);
    }

    [Fact]
    public async Task A_response_header_entry_chooses_the_encoding_of_one_call()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
                return Long;
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("grpc-accept-encoding", "identity,gzip"));
        Assert.Equal("gzip", call.Header("grpc-encoding"));
        Assert.Null(call.Header("grpc-internal-encoding-request"));
        Assert.Equal(Long, Feature.Parser.ParseFrom(Decompress("gzip", Assert.Single(call.Messages).Payload)));
    }

    [Fact]
    public async Task A_provider_of_ones_own_serves_both_ways()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide(), options =>
        {
            options.CompressionProviders.Add(new Brotli());
            options.ResponseCompressionAlgorithm = "br";
        });
        await using var h2 = await host.ConnectAsync();
        var point = new Point { Latitude = 5 };
        var call = await h2.CallWithBodyAsync(
            ScriptedRouteGuide.UnaryPath, RawHttp2Stream.Frame(Compress("br", point.ToByteArray()), 1), ("grpc-encoding", "br"), ("grpc-accept-encoding", "br"));
        Assert.Equal("br", call.Header("grpc-encoding"));
        Assert.Equal(point, Feature.Parser.ParseFrom(Decompress("br", Assert.Single(call.Messages).Payload)).Location);
    }

    [Fact]
    public async Task A_response_algorithm_without_a_provider_is_refused_at_start()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => GrpcHost.ServeAsync(new ScriptedRouteGuide(), options => options.ResponseCompressionAlgorithm = "snappy"));
        Assert.Contains("snappy", refused.Message, StringComparison.Ordinal);
    }

    private static Stream Open(string encoding, Stream stream, bool compress) => encoding switch
    {
        "gzip" => compress ? new GZipStream(stream, CompressionLevel.Fastest, true) : new GZipStream(stream, CompressionMode.Decompress, true),
        "deflate" => compress ? new ZLibStream(stream, CompressionLevel.Fastest, true) : new ZLibStream(stream, CompressionMode.Decompress, true),
        _ => compress ? new BrotliStream(stream, CompressionLevel.Fastest, true) : new BrotliStream(stream, CompressionMode.Decompress, true),
    };

    private static byte[] Compress(string encoding, byte[] data)
    {
        using var compressed = new MemoryStream();
        using (var stream = Open(encoding, compressed, compress: true)) stream.Write(data);
        return compressed.ToArray();
    }

    private static byte[] Decompress(string encoding, byte[] data)
    {
        using var plain = new MemoryStream();
        using var stream = Open(encoding, new MemoryStream(data), compress: false);
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    private sealed class Brotli : ICompressionProvider
    {
        public string EncodingName => "br";

        public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => Open(EncodingName, stream, compress: true);

        public Stream CreateDecompressionStream(Stream stream) => Open(EncodingName, stream, compress: false);
    }
}
