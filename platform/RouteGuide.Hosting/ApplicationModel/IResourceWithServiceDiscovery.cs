using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A resource whose endpoints are found by name by those who reference it.</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;
