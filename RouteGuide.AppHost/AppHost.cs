using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);

// Who knows the key may register as a replica. It is made at each start and goes from here to the two that need it.
var registryKey = builder.AddParameter("registry-key", RandomNumberGenerator.GetHexString(64, lowercase: true), secret: true);

// The front door: one TLS port for all clients, 50051 unless --port says otherwise. Behind it, on loopback, the port where replicas register themselves.
var balancer = builder.AddProject<Projects.RouteGuide_Balancer>("balancer")
    .WithHttpsEndpoint(port: builder.Configuration.GetValue("port", 50051), name: "https", isProxied: false)
    .WithHttpEndpoint(name: "registry", env: "REGISTRY_PORT")
    .WithEnvironment("REGISTRY_KEY", registryKey)
    .WithHttpHealthCheck("/health", endpointName: "https")
    .WithExternalHttpEndpoints();

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
