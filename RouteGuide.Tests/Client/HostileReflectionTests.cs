using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection;
using Grpc.Reflection.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RouteGuide.Client.Cli;
using RouteGuide.Tests.Client.Protos;
using Field = Google.Protobuf.Reflection.FieldDescriptorProto;

namespace RouteGuide.Tests.Client;

/// <summary>Servers whose description of themselves is broken, endless or a lie: each costs one clear line and nothing more.</summary>
public sealed class HostileReflectionTests
{
    [Fact]
    public async Task Files_that_import_each_other_are_refused() => await Refuses(
        "which imports it in turn",
        question => Files(question, File("a.proto", "b.proto"), File("b.proto", "c.proto"), File("c.proto", "a.proto")));

    [Fact]
    public async Task Imports_without_end_are_given_up()
    {
        var next = 0;
        await Refuses("the server's description is longer than", question => Files(question, [.. Enumerable.Range(0, 200).Select(_ => File($"{next}.proto", $"{++next}.proto"))]));
    }

    [Fact]
    public async Task Files_that_are_too_large_are_given_up()
    {
        var next = 0;
        await Refuses("the server's description is longer than", question =>
        {
            var file = File($"{next}.proto", $"{++next}.proto");
            file.Options = new Google.Protobuf.Reflection.FileOptions { GoPackage = new string('x', 3_000_000) };
            return Files(question, file);
        });
    }

    [Fact]
    public async Task A_file_that_is_none_is_refused() => await Refuses("a file of the server's description cannot be read", question =>
        Answer(question, new FileDescriptorResponse { FileDescriptorProto = { ByteString.CopyFrom(0xff, 0xff, 0xff) } }));

    [Fact]
    public async Task A_file_without_the_symbol_is_refused() => await Refuses("the server says that its files declare 'x.Y', and they do not", question => Files(question, File("a.proto")));

    [Fact]
    public async Task An_import_that_nobody_has_is_named() => await Refuses("'a.proto' imports 'gone.proto', which the server does not have", question =>
        question.FileByFilename.Length > 0 ? Error(question, StatusCode.NotFound, "gone") : Files(question, File("a.proto", "gone.proto")));

    [Fact]
    public async Task A_field_of_a_type_that_is_not_there_is_refused() => await Refuses("the server's description contradicts itself", question =>
        Files(question, With(File("a.proto"), new Field { Name = "f", Number = 1, Type = Field.Types.Type.Message, TypeName = ".no.Such" })));

    [Fact]
    public async Task A_map_without_a_key_is_refused() => await Refuses("the map", question =>
    {
        var file = With(File("a.proto"), new Field { Name = "f", Number = 1, Type = Field.Types.Type.Message, Label = Field.Types.Label.Repeated, TypeName = ".x.M.FEntry" });
        file.MessageType[0].NestedType.Add(new DescriptorProto { Name = "FEntry", Options = new MessageOptions { MapEntry = true } });
        return Files(question, file);
    });

    [Fact]
    public async Task A_refusal_is_passed_on() => await Refuses("the server does not describe 'x.Y': PermissionDenied: not for you\\u001b", question => Error(question, StatusCode.PermissionDenied, "not for you\u001b"));

    [Fact]
    public async Task A_call_that_ends_without_an_answer_is_told() => await Refuses("ended the call without an answer", _ => null);

    [Fact]
    public async Task A_server_without_reflection_is_told()
    {
        await using var server = await TestServer.StartAsync(_ => { }, _ => { });
        var result = await CommandLine.RunAsync(server.Address, "list");
        Assert.Equal((ExitCode.CallFailed, ""), (result.Code, result.Output));
        Assert.Contains("has no reflection service (neither v1 nor v1alpha)", result.Error);
    }

    [Fact]
    public async Task A_server_with_the_old_reflection_alone_will_do()
    {
        await using var server = await TestServer.StartAsync(services => services.AddSingleton(new ReflectionServiceImpl(EverythingService.Descriptor)), app => app.MapGrpcService<ReflectionServiceImpl>());
        var result = await CommandLine.RunAsync(server.Address, "call", "routeguide.tests.EverythingService/Echo", """{"int32Field":1}""", "--compact");
        Assert.Equal((0, "{\"int32Field\":1}\n", ""), (result.Code, result.Output, result.Error));
    }

    [Fact]
    public async Task Imports_that_the_server_leaves_out_are_asked_for_or_known()
    {
        // Answers with single files, and knows nothing of google/protobuf.
        FileDescriptor[] own = [Everything.Descriptor.File, Legacy.Descriptor.File];
        await using var server = await TestServer.StartAsync(question => own.FirstOrDefault(file => file.Name == (question.FileByFilename.Length > 0 ? question.FileByFilename : "everything.proto")) is { } file
            ? Answer(question, new FileDescriptorResponse { FileDescriptorProto = { file.SerializedData } })
            : Error(question, StatusCode.NotFound, "unknown"));
        var result = await CommandLine.RunAsync(server.Address, "call", "routeguide.tests.EverythingService/Echo", """{"timestamp":"2026-01-31T12:00:00Z"}""", "--compact");
        Assert.Equal((0, "{\"timestamp\":\"2026-01-31T12:00:00Z\"}\n", ""), (result.Code, result.Output, result.Error));
    }

    private static async Task Refuses(string said, Func<ServerReflectionRequest, ServerReflectionResponse?> answer)
    {
        await using var server = await TestServer.StartAsync(answer);
        var result = await CommandLine.RunAsync(server.Address, "describe", "x.Y", "--timeout", "2m");
        Assert.Contains(said, result.Error);
        Assert.Equal((ExitCode.CallFailed, ""), (result.Code, result.Output));
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static FileDescriptorProto File(string name, params string[] imports) => new() { Name = name, Package = "x", Syntax = "proto3", Dependency = { imports } };

    private static FileDescriptorProto With(FileDescriptorProto file, Field field)
    {
        if (field.Label == 0) field.Label = Field.Types.Label.Optional;
        file.MessageType.Add(new DescriptorProto { Name = "M", Field = { field } });
        return file;
    }

    private static ServerReflectionResponse Files(ServerReflectionRequest question, params FileDescriptorProto[] files) =>
        Answer(question, new FileDescriptorResponse { FileDescriptorProto = { files.Select(file => file.ToByteString()) } });

    private static ServerReflectionResponse Answer(ServerReflectionRequest question, FileDescriptorResponse files) => new() { OriginalRequest = question, FileDescriptorResponse = files };

    private static ServerReflectionResponse Error(ServerReflectionRequest question, StatusCode code, string message) =>
        new() { OriginalRequest = question, ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message } };
}
