namespace Aspire.Hosting;

/// <summary>What an app host was started for.</summary>
public enum DistributedApplicationOperation
{
    /// <summary>To run the application here.</summary>
    Run,

    /// <summary>To write what is needed to deploy it.</summary>
    Publish,
}

/// <summary>How to make a <see cref="DistributedApplicationExecutionContext"/>.</summary>
public class DistributedApplicationExecutionContextOptions
{
    /// <param name="operation">What the app host was started for.</param>
    public DistributedApplicationExecutionContextOptions(DistributedApplicationOperation operation) => Operation = operation;

    /// <param name="operation">What the app host was started for.</param>
    /// <param name="publisherName">Who publishes.</param>
    public DistributedApplicationExecutionContextOptions(DistributedApplicationOperation operation, string publisherName)
        : this(operation) => PublisherName = publisherName;

    /// <summary>What the app host was started for.</summary>
    public DistributedApplicationOperation Operation { get; }

    /// <summary>Who publishes.</summary>
    public string? PublisherName { get; }

    /// <summary>The services of the built application; null until then.</summary>
    public IServiceProvider? ServiceProvider { get; set; }
}

/// <summary>What the app host was started for, as callbacks of the model see it.</summary>
public class DistributedApplicationExecutionContext
{
    private readonly DistributedApplicationExecutionContextOptions _options;

    /// <param name="operation">What the app host was started for.</param>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation)
        : this(new DistributedApplicationExecutionContextOptions(operation))
    {
    }

    /// <param name="operation">What the app host was started for.</param>
    /// <param name="publisherName">Who publishes.</param>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation, string publisherName)
        : this(new DistributedApplicationExecutionContextOptions(operation, publisherName))
    {
    }

    /// <param name="options">Operation, publisher and services.</param>
    public DistributedApplicationExecutionContext(DistributedApplicationExecutionContextOptions options)
    {
        _options = options;
        PublisherName = options.PublisherName ?? "manifest";
    }

    /// <summary>What the app host was started for.</summary>
    public DistributedApplicationOperation Operation => _options.Operation;

    /// <summary>Who publishes; means nothing in run mode.</summary>
    public string PublisherName { get; set; }

    /// <summary>Whether the application is being published.</summary>
    public bool IsPublishMode => Operation == DistributedApplicationOperation.Publish;

    /// <summary>Whether the application runs here.</summary>
    public bool IsRunMode => Operation == DistributedApplicationOperation.Run;

    /// <summary>The services of the built application.</summary>
    /// <exception cref="InvalidOperationException">The application is not built yet.</exception>
    public IServiceProvider ServiceProvider => _options.ServiceProvider
        ?? throw new InvalidOperationException("The services of the application exist only after it has been built.");
}
