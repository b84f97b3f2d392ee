using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Reflection.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static RouteGuide.Tests.Support.RawHttp2Connection;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>What tools learn of a server, under both names of the reflection service.</summary>
public sealed class ReflectionTests
{
    private const string V1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    private const string V1Alpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

    [Theory]
    [InlineData(V1)]
    [InlineData(V1Alpha)]
    public async Task All_mapped_services_are_listed_with_health_and_both_reflections(string path)
    {
        var answer = Assert.Single(await Ask(path, new ServerReflectionRequest { ListServices = "" }));
        Assert.Equal(
            ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "routeguide.RouteGuide"],
            answer.ListServicesResponse.Service.Select(s => s.Name).Order());
    }

    [Theory]
    [InlineData(V1)]
    [InlineData(V1Alpha)]
    public async Task A_symbol_is_answered_with_its_file(string path)
    {
        string[] symbols = ["routeguide.RouteGuide", "routeguide.RouteGuide.GetFeature", "routeguide.Point", "routeguide.Point.latitude"];
        foreach (var answer in await Ask(path, [.. symbols.Select(s => new ServerReflectionRequest { FileContainingSymbol = s })]))
        {
            var file = FileDescriptorProto.Parser.ParseFrom(Assert.Single(answer.FileDescriptorResponse.FileDescriptorProto));
            Assert.Equal("routeguide/route_guide.proto", file.Name);
            Assert.Contains(file.MessageType, m => m.Name == "Rectangle");
        }
    }

    [Fact]
    public async Task A_file_is_answered_by_its_name()
    {
        var answer = Assert.Single(await Ask(V1, new ServerReflectionRequest { FileByFilename = "routeguide/route_guide.proto" }));
        Assert.Equal("routeguide/route_guide.proto", FileDescriptorProto.Parser.ParseFrom(Assert.Single(answer.FileDescriptorResponse.FileDescriptorProto)).Name);
    }

    [Fact]
    public async Task What_is_not_known_is_an_error_in_the_answer_and_the_stream_goes_on()
    {
        var answers = await Ask(
            V1,
            new ServerReflectionRequest { FileContainingSymbol = "no.such.Thing" },
            new ServerReflectionRequest { FileByFilename = "no/such.proto" },
            new ServerReflectionRequest { FileContainingExtension = new ExtensionRequest { ContainingType = "routeguide.Point", ExtensionNumber = 5 } },
            new ServerReflectionRequest { AllExtensionNumbersOfType = "routeguide.Point" },
            new ServerReflectionRequest { ListServices = "" });

        Assert.Equal(
            [
                (5, "Symbol not found."),
                (5, "File not found."),
                (12, "Request type not supported by C# reflection service."),
                (12, "Request type not supported by C# reflection service."),
            ],
            answers.Take(4).Select(a => (a.ErrorResponse.ErrorCode, a.ErrorResponse.ErrorMessage)));
        Assert.NotNull(answers[4].ListServicesResponse);
    }

    [Fact]
    public async Task A_file_comes_with_all_that_it_imports()
    {
        var registry = global::Grpc.Reflection.SymbolRegistry.FromFiles([Google.Protobuf.WellKnownTypes.ApiReflection.Descriptor]);
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(new global::Grpc.Reflection.ReflectionV1ServiceImpl(["google.protobuf.Api"], registry));
            },
            app => app.MapGrpcService<global::Grpc.Reflection.ReflectionV1ServiceImpl>());
        var answer = Assert.Single(await Ask(host, V1, new ServerReflectionRequest { FileContainingSymbol = "google.protobuf.Api" }));
        Assert.Equal(
            ["google/protobuf/any.proto", "google/protobuf/api.proto", "google/protobuf/source_context.proto", "google/protobuf/type.proto"],
            answer.FileDescriptorResponse.FileDescriptorProto.Select(f => FileDescriptorProto.Parser.ParseFrom(f).Name).Order());
    }

    private static async Task<IReadOnlyList<ServerReflectionResponse>> Ask(string path, params ServerReflectionRequest[] questions)
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddGrpcHealthChecks();
                services.AddGrpcReflection();
                services.AddSingleton(new ScriptedRouteGuide());
            },
            app =>
            {
                app.MapGrpcReflectionService();
                app.MapGrpcHealthChecksService();
                app.MapGrpcService<ScriptedRouteGuide>();
            });
        return await Ask(host, path, questions);
    }

    private static async Task<IReadOnlyList<ServerReflectionResponse>> Ask(GrpcHost host, string path, params ServerReflectionRequest[] questions)
    {
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(path));
        for (var i = 0; i < questions.Length; i++)
        {
            await call.SendMessageAsync(questions[i].ToByteArray());
            await call.HasMessages(i + 1);
        }

        await call.SendDataAsync(ReadOnlyMemory<byte>.Empty, end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        // The two versions have the same messages.
        return [.. call.Messages.Select(m => ServerReflectionResponse.Parser.ParseFrom(m.Payload))];
    }
}
