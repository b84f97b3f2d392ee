using System.Collections.Concurrent;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Interceptors around the methods of a server.</summary>
public sealed class InterceptorTests
{
    [Theory]
    [InlineData(ScriptedRouteGuide.UnaryPath)]
    [InlineData(ScriptedRouteGuide.ServerStreamingPath)]
    [InlineData(ScriptedRouteGuide.ClientStreamingPath)]
    [InlineData(ScriptedRouteGuide.DuplexPath)]
    public async Task The_first_is_the_outermost_and_those_for_all_services_are_around_those_for_one(string path)
    {
        var journal = new ConcurrentQueue<string>();
        await using var host = await StartAsync(
            journal,
            options =>
            {
                options.Interceptors.Add<Journalling>("global 1");
                var type = typeof(Journalling);
                options.Interceptors.Add(type, "global 2");
            },
            options => options.Interceptors.Add<Journalling>("service"));
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("0", (await h2.CallAsync(path, new Point())).GrpcStatus);
        await Eventually.Until(() => journal.Count == 9, "the end of the call");
        Assert.Equal(
            [
                "global 1 in", "global 2 in", "service in",
                "service out", "service disposed", "global 2 out", "global 2 disposed", "global 1 out", "global 1 disposed",
            ],
            journal);
    }

    [Fact]
    public async Task A_registered_interceptor_is_taken_from_there_and_not_disposed()
    {
        var journal = new ConcurrentQueue<string>();
        await using var host = await StartAsync(
            journal,
            options => options.Interceptors.Add<Journalling>(),
            services: services => services.AddSingleton(new Journalling(journal, "registered")));
        await using var h2 = await host.ConnectAsync();
        await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal(["registered in", "registered out", "registered in", "registered out"], journal);
    }

    [Fact]
    public async Task An_interceptor_of_a_unary_call_runs_after_the_request_was_read()
    {
        var journal = new ConcurrentQueue<string>();
        await using var host = await StartAsync(journal, options => options.Interceptors.Add<Journalling>("only"));
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("13", (await h2.CallWithBodyAsync(ScriptedRouteGuide.UnaryPath, [])).GrpcStatus);
        Assert.Empty(journal);
    }

    [Fact]
    public async Task What_an_interceptor_throws_is_the_outcome()
    {
        await using var host = await StartAsync([], options => options.Interceptors.Add<Refusing>());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("16", call.GrpcStatus);
        Assert.Equal("who are you?", call.GrpcMessage);
    }

    [Fact]
    public async Task An_interceptor_may_hand_on_a_context_of_its_own()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc(options => options.Interceptors.Add<Replacing>());
                services.AddScoped(_ => new ScriptedRouteGuide { Unary = (_, context) => Task.FromResult(new Feature { Name = context.Host }) });
            },
            app => app.MapGrpcService<ScriptedRouteGuide>());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("replaced", Feature.Parser.ParseFrom(Assert.Single(call.Messages).Payload).Name);
    }

    [Fact]
    public async Task What_is_not_an_interceptor_is_refused()
    {
        var options = new GrpcServiceOptions();
        Assert.Throws<ArgumentException>(() => options.Interceptors.Add(typeof(string)));
    }

    private static Task<GrpcHost> StartAsync(
        ConcurrentQueue<string> journal,
        Action<GrpcServiceOptions> global,
        Action<GrpcServiceOptions<ScriptedRouteGuide>>? ofService = null,
        Action<IServiceCollection>? services = null) => GrpcHost.StartAsync(
        collection =>
        {
            collection.AddGrpc(global).AddServiceOptions(ofService ?? (_ => { }));
            collection.AddSingleton(new ScriptedRouteGuide());
            collection.AddSingleton(journal);
            services?.Invoke(collection);
        },
        app => app.MapGrpcService<ScriptedRouteGuide>());

    private sealed class Journalling(ConcurrentQueue<string> journal, string name) : Interceptor, IAsyncDisposable
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            Around(() => continuation(request, context));

        public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
            Around(() => continuation(requestStream, context));

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
            Around(() => Result(continuation(request, responseStream, context)));

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream,
            IServerStreamWriter<TResponse> responseStream,
            ServerCallContext context,
            DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
            Around(() => Result(continuation(requestStream, responseStream, context)));

        public ValueTask DisposeAsync()
        {
            journal.Enqueue($"{name} disposed");
            return default;
        }

        private static async Task<bool> Result(Task task)
        {
            await task;
            return true;
        }

        private async Task<T> Around<T>(Func<Task<T>> inner)
        {
            journal.Enqueue($"{name} in");
            try
            {
                return await inner();
            }
            finally
            {
                journal.Enqueue($"{name} out");
            }
        }
    }

    private sealed class Refusing : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            throw new RpcException(new Status(StatusCode.Unauthenticated, "who are you?"));
    }

    private sealed class Replacing : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            continuation(request, new Replaced(context));
    }

    private sealed class Replaced(ServerCallContext inner) : ServerCallContext
    {
        protected override string MethodCore => inner.Method;

        protected override string HostCore => "replaced";

        protected override string PeerCore => inner.Peer;

        protected override DateTime DeadlineCore => inner.Deadline;

        protected override Metadata RequestHeadersCore => inner.RequestHeaders;

        protected override CancellationToken CancellationTokenCore => inner.CancellationToken;

        protected override Metadata ResponseTrailersCore => inner.ResponseTrailers;

        protected override Status StatusCore
        {
            get => inner.Status;
            set => inner.Status = value;
        }

        protected override WriteOptions? WriteOptionsCore
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        protected override AuthContext AuthContextCore => inner.AuthContext;

        protected override IDictionary<object, object> UserStateCore => inner.UserState;

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => inner.CreatePropagationToken(options);

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => inner.WriteResponseHeadersAsync(responseHeaders);
    }
}
