namespace Grpc.Core;

/// <summary>Credentials that travel in each call's metadata.</summary>
public abstract class CallCredentials
{
    /// <summary>Joins credentials: each adds its metadata, in order.</summary>
    /// <param name="credentials">At least two.</param>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public static CallCredentials Compose(params CallCredentials[] credentials) => new CompositeCallCredentials(credentials);

    /// <summary>Credentials made by a function for each call.</summary>
    /// <param name="interceptor">The function.</param>
    /// <exception cref="ArgumentNullException"><paramref name="interceptor"/> is null.</exception>
    public static CallCredentials FromInterceptor(AsyncAuthInterceptor interceptor) => new InterceptorCallCredentials(interceptor);

    /// <summary>Tells a channel what these credentials are.</summary>
    /// <param name="configurator">The channel's side.</param>
    /// <param name="state">Handed back to the channel.</param>
    public abstract void InternalPopulateConfiguration(CallCredentialsConfiguratorBase configurator, object? state);

    private sealed class CompositeCallCredentials : CallCredentials
    {
        private readonly CallCredentials[] _credentials;

        public CompositeCallCredentials(CallCredentials[] credentials)
        {
            ArgumentNullException.ThrowIfNull(credentials);
            if (credentials.Length < 2) throw new ArgumentException("At least two credentials are needed to compose them.", nameof(credentials));
            _credentials = [.. credentials];
        }

        public override void InternalPopulateConfiguration(CallCredentialsConfiguratorBase configurator, object? state) =>
            configurator.SetCompositeCredentials(state, _credentials);
    }

    private sealed class InterceptorCallCredentials : CallCredentials
    {
        private readonly AsyncAuthInterceptor _interceptor;

        public InterceptorCallCredentials(AsyncAuthInterceptor interceptor)
        {
            ArgumentNullException.ThrowIfNull(interceptor);
            _interceptor = interceptor;
        }

        public override void InternalPopulateConfiguration(CallCredentialsConfiguratorBase configurator, object? state) =>
            configurator.SetAsyncAuthInterceptorCredentials(state, _interceptor);
    }
}

/// <summary>A channel's side of <see cref="CallCredentials.InternalPopulateConfiguration"/>: one method for each kind of credentials.</summary>
public abstract class CallCredentialsConfiguratorBase
{
    /// <summary>The credentials are several.</summary>
    /// <param name="state">What the channel handed in.</param>
    /// <param name="credentials">The credentials, in order.</param>
    public abstract void SetCompositeCredentials(object? state, IReadOnlyList<CallCredentials> credentials);

    /// <summary>The credentials are made by a function.</summary>
    /// <param name="state">What the channel handed in.</param>
    /// <param name="interceptor">The function.</param>
    public abstract void SetAsyncAuthInterceptorCredentials(object? state, AsyncAuthInterceptor interceptor);
}

/// <summary>Adds credentials to a call's metadata.</summary>
/// <param name="context">The call.</param>
/// <param name="metadata">Where the credentials go.</param>
public delegate Task AsyncAuthInterceptor(AuthInterceptorContext context, Metadata metadata);

/// <summary>A call that credentials are made for.</summary>
public class AuthInterceptorContext
{
    /// <summary>Describes a call.</summary>
    /// <param name="serviceUrl">The service, for example <c>https://localhost:50051/routeguide.RouteGuide</c>.</param>
    /// <param name="methodName">The method's bare name.</param>
    public AuthInterceptorContext(string serviceUrl, string methodName)
        : this(serviceUrl, methodName, CancellationToken.None)
    {
    }

    /// <summary>Describes a call that may be cancelled.</summary>
    /// <param name="serviceUrl">The service, for example <c>https://localhost:50051/routeguide.RouteGuide</c>.</param>
    /// <param name="methodName">The method's bare name.</param>
    /// <param name="cancellationToken">Cancelled when the call ends before the credentials are there.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public AuthInterceptorContext(string serviceUrl, string methodName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(serviceUrl);
        ArgumentNullException.ThrowIfNull(methodName);
        ServiceUrl = serviceUrl;
        MethodName = methodName;
        CancellationToken = cancellationToken;
    }

    /// <summary>The service, for example <c>https://localhost:50051/routeguide.RouteGuide</c>.</summary>
    public string ServiceUrl { get; }

    /// <summary>The method's bare name.</summary>
    public string MethodName { get; }

    /// <summary>Cancelled when the call ends before the credentials are there.</summary>
    public CancellationToken CancellationToken { get; }
}
