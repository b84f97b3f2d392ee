using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Balancer;

/// <summary>A resolver that asks: at the start, and again when it is told to. One question at a time; one that fails is asked again after a pause.</summary>
public abstract partial class PollingResolver : Resolver
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly IBackoffPolicyFactory? _backoffPolicyFactory;
    private readonly ILogger _logger;
    private bool _isAsking;
    private bool _isAskedAgain;
    private Action<ResolverResult>? _listener;

    /// <summary>Creates a resolver that does not ask again by itself.</summary>
    /// <param name="loggerFactory">Makes loggers.</param>
    protected PollingResolver(ILoggerFactory loggerFactory)
        : this(loggerFactory, null)
    {
    }

    /// <summary>Creates a resolver.</summary>
    /// <param name="loggerFactory">Makes loggers.</param>
    /// <param name="backoffPolicyFactory">How long to wait before a question that failed is asked again; null to wait to be told.</param>
    protected PollingResolver(ILoggerFactory loggerFactory, IBackoffPolicyFactory? backoffPolicyFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        _logger = loggerFactory.CreateLogger<PollingResolver>();
        _backoffPolicyFactory = backoffPolicyFactory;
    }

    /// <summary>Takes each result.</summary>
    protected Action<ResolverResult> Listener => _listener ?? throw new InvalidOperationException("The resolver has not been started.");

    /// <inheritdoc/>
    public sealed override void Start(Action<ResolverResult> listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        if (_listener is not null) throw new InvalidOperationException("The resolver has been started before.");
        _listener = listener;
        OnStarted();
        Refresh();
    }

    /// <inheritdoc/>
    public sealed override void Refresh()
    {
        _ = Listener;
        lock (_gate)
        {
            if (_disposed.IsCancellationRequested) return;
            if (_isAsking)
            {
                // What is being found out may be older than what the caller has seen.
                _isAskedAgain = true;
                return;
            }

            _isAsking = true;
            _isAskedAgain = false;
            _ = AskAsync();
        }
    }

    /// <summary>Runs when the resolver is started, before its first question.</summary>
    protected virtual void OnStarted()
    {
    }

    /// <summary>Asks once, and gives the result to <see cref="Listener"/>. What it throws becomes a failure.</summary>
    /// <param name="cancellationToken">Cancelled when the resolver is disposed.</param>
    protected abstract Task ResolveAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Not disposed: a question that is under way still has the token.
        if (disposing) _disposed.Cancel();
        base.Dispose(disposing);
    }

    private async Task AskAsync()
    {
        // Never inside the lock of whoever told us to.
        await Task.Yield();
        var backoff = _backoffPolicyFactory?.Create();
        while (!_disposed.IsCancellationRequested)
        {
            var hasFailed = false;
            try
            {
                await ResolveAsync(_disposed.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(_logger, e);
                hasFailed = true;
                Listener(ResolverResult.ForFailure(new Status(StatusCode.Unavailable, $"Error refreshing resolver: {e.Message}", e)));
            }

            if (!hasFailed || backoff is null)
            {
                lock (_gate)
                {
                    _isAsking = _isAskedAgain;
                    if (!_isAskedAgain) return;
                    _isAskedAgain = false;
                }

                continue;
            }

            await Task.Delay(backoff.NextBackoff(), _disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "The addresses of a service could not be found.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
