using System.Globalization;
using System.Security.Cryptography;

var builder = DistributedApplication.CreateBuilder(args);

// Who knows the key may register as a replica. It is made at each start and goes from here to the two that need it.
var registryKey = builder.AddParameter("registry-key", RandomNumberGenerator.GetHexString(64, lowercase: true), secret: true);

// Who knows this one may change things on the balancer's admin port: take replicas out, weigh them, choose the algorithm.
var adminKey = builder.AddParameter("admin-key", RandomNumberGenerator.GetHexString(64, lowercase: true), secret: true);

// 50051 unless --port says otherwise.
var asked = builder.Configuration["port"] ?? "50051";
if (!ushort.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
{
    Console.Error.WriteLine($"Port '{asked}': --port, or PORT in the environment, must be a number from 1 to 65535.");
    Environment.ExitCode = 2;
    return;
}

// The front door: one TLS port for all clients. Behind it, on loopback, the port where replicas register themselves, and the status page.
var balancer = builder.AddProject<Projects.RouteGuide_Balancer>("balancer")
    .WithHttpsEndpoint(port: port, name: "https", isProxied: false)
    .WithHttpEndpoint(name: "registry", env: "REGISTRY_PORT")
    .WithHttpEndpoint(name: "admin", env: "ADMIN_PORT")
    .WithEndpoint(scheme: "tcp", name: "tcp")
    .WithEnvironment("REGISTRY_KEY", registryKey)
    .WithEnvironment("ADMIN_KEY", adminKey)
    // What a managed balancer would do every 30 seconds; on one machine once a second costs nothing, and finds a replica that hangs.
    .WithEnvironment("Balancer__TargetGroups__default__HealthCheckProtocol", "GRPC_HEALTH")
    .WithEnvironment("Balancer__TargetGroups__default__HealthCheckIntervalSeconds", "1")
    .WithEnvironment("Balancer__TargetGroups__default__HealthCheckTimeoutSeconds", "1")
    .WithEnvironment("Balancer__TargetGroups__default__HealthyThresholdCount", "2")
    .WithHttpHealthCheck("/health", endpointName: "https")
    .WithExternalHttpEndpoints();

// The same replicas behind a listener in TCP mode, h2c: whole connections are balanced there, for comparison.
balancer.WithEnvironment("Balancer__Listeners__tcp__Url", $"tcp://localhost:{balancer.GetEndpoint("tcp").Property(EndpointProperty.TargetPort)}");

// The service, three times. A replica is healthy once the balancer has taken it in: from then on it gets calls. It starts beside the
// balancer and registers as soon as that listens.
var server = builder.AddProject<Projects.RouteGuide_Server>("server")
    .WithHttpEndpoint(name: "http")
    .WithHttpEndpoint(name: "management", env: "MANAGEMENT_PORT")
    .WithEnvironment("REGISTRY_KEY", registryKey)
    .WithReference(balancer.GetEndpoint("registry"))
    .WithHttpHealthCheck("/health", endpointName: "management")
    .WithReplicas(3)
    .WaitForStart(balancer);

// Runs all four kinds of RPC through the balancer once, and ends.
builder.AddProject<Projects.RouteGuide_Client>("client")
    .WithReference(balancer)
    .WaitFor(balancer)
    .WaitFor(server);

builder.Build().Run();
