using System.Collections.Immutable;
using Aspire.DashboardService.Proto.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Resources;

/// <summary>Speaks with the app host: watches its resources for as long as the dashboard runs, across restarts of the host, and passes commands on.</summary>
internal sealed class ResourceService : BackgroundService
{
    private const string KeyHeader = "x-resource-service-api-key";
    private const int MaxMessage = 64 * 1024 * 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ResourceBook _book;
    private readonly Palette _palette;
    private readonly TimeProvider _time;
    private readonly ILogger<ResourceService> _logger;
    private readonly Metadata _headers = [];
    private readonly GrpcChannel? _channel;
    private readonly DashboardService.DashboardServiceClient? _client;

    /// <param name="options">Where the app host is.</param>
    /// <param name="book">Where its resources are noted.</param>
    /// <param name="palette">Their colours.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when the connection is lost.</param>
    public ResourceService(DashboardOptions options, ResourceBook book, Palette palette, TimeProvider time, ILogger<ResourceService> logger)
    {
        _book = book;
        _palette = palette;
        _time = time;
        _logger = logger;
        if (options.ResourceServiceKey is { } key) _headers.Add(KeyHeader, key);
        if (options.ResourceService is not { } address) return;
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = Trust.Handler(options.CertificateAuthority), DisposeHttpClient = true, MaxReceiveMessageSize = MaxMessage });
        _client = new DashboardService.DashboardServiceClient(_channel);
    }

    /// <summary>The lines that a resource wrote, from the oldest that the host keeps on, and then those that it writes.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="follow">Whether to go on after those that are kept.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RpcException">The host is away or refuses.</exception>
    public async IAsyncEnumerable<WatchResourceConsoleLogsUpdate> ConsoleOf(string resource, bool follow, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_client is null) yield break;
        using var call = _client.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = resource, SuppressFollow = !follow }, _headers, cancellationToken: cancellationToken);
        await foreach (var update in call.ResponseStream.ReadAllAsync(cancellationToken)) yield return update;
    }

    /// <summary>Has the host execute a command, and waits for its end.</summary>
    /// <exception cref="ProblemException">There is no host, or it refuses.</exception>
    public async Task<CommandResultView> Execute(ResourceView resource, string command, IReadOnlyDictionary<string, Value> arguments, CancellationToken cancellationToken)
    {
        if (_client is null) throw ProblemException.Away("There is no app host that could do it.");
        var request = new ResourceCommandRequest { CommandName = command, ResourceName = resource.Name, ResourceType = resource.Type, NonInteractive = true };
        foreach (var (name, value) in arguments) request.Arguments.Add(name, value);
        try
        {
            return ResourceMapping.View(await _client.ExecuteResourceCommandAsync(request, _headers, cancellationToken: cancellationToken));
        }
        catch (RpcException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw fault.StatusCode == StatusCode.Unavailable ? ProblemException.Away(fault.Status.Detail) : ProblemException.Upstream($"{fault.StatusCode}: {fault.Status.Detail}");
        }
    }

    public override void Dispose()
    {
        _channel?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_client is null) return;
        var pause = FirstPause;
        var again = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var update in Watch(again, stoppingToken))
                {
                    Note(update);
                    (again, pause) = (true, FirstPause);
                }

                Lose("The app host has ended the connection.");
            }
            catch (RpcException fault) when (!stoppingToken.IsCancellationRequested)
            {
                Lose(fault.StatusCode == StatusCode.Unavailable ? "The app host cannot be reached." : $"The app host answers {fault.StatusCode}: {fault.Status.Detail}");
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // Whatever the host says, the dashboard stays.
                _logger.LogError(fault, "What the app host says is not understood.");
                Lose($"What the app host says is not understood: {fault.Message}");
            }

            await Task.Delay(pause * (0.75 + (Random.Shared.NextDouble() / 2)), _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async IAsyncEnumerable<WatchResourcesUpdate> Watch(bool again, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var call = _client!.WatchResources(new WatchResourcesRequest { IsReconnect = again }, _headers, cancellationToken: cancellationToken);
        await foreach (var update in call.ResponseStream.ReadAllAsync(cancellationToken)) yield return update;
    }

    private void Lose(string reason)
    {
        if (_book.Current.Connection != HostConnection.Lost) _logger.LogInformation("{Reason} It is tried again until it answers.", reason);
        _book.Update(state => state with { Connection = HostConnection.Lost, Message = reason });
    }

    private void Note(WatchResourcesUpdate update)
    {
        switch (update.KindCase)
        {
            case WatchResourcesUpdate.KindOneofCase.InitialData:
                var all = update.InitialData.Resources.Select(View).ToArray();
                _book.Update(state => new ResourceState(HostConnection.Connected, null, all.Aggregate(state.Resources.Clear(), (resources, resource) => resources.SetItem(resource.Name, resource))));
                break;
            case WatchResourcesUpdate.KindOneofCase.Changes:
                _book.Update(state => state with { Connection = HostConnection.Connected, Message = null, Resources = update.Changes.Value.Aggregate(state.Resources, Apply) });
                break;
        }
    }

    private ImmutableDictionary<string, ResourceView> Apply(ImmutableDictionary<string, ResourceView> resources, WatchResourcesChange change) => change.KindCase switch
    {
        WatchResourcesChange.KindOneofCase.Upsert => resources.SetItem(change.Upsert.Name, View(change.Upsert)),
        WatchResourcesChange.KindOneofCase.Delete => resources.Remove(change.Delete.ResourceName),
        _ => resources,
    };

    private ResourceView View(Resource resource) => ResourceMapping.View(resource, _palette);
}
