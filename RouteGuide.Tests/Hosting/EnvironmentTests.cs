using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Execution;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace RouteGuide.Tests.Hosting;

/// <summary>What the model tells a process, worked out without starting one.</summary>
public sealed class EnvironmentTests
{
    private readonly IDistributedApplicationBuilder _builder = TestApp.CreateBuilder();
    private DistributedApplication? _application;

    [Fact]
    public async Task A_replica_is_told_its_own_ports()
    {
        var server = Project("server").WithReplicas(3).WithHttpEndpoint(name: "http").WithHttpEndpoint(name: "management", env: "MANAGEMENT_PORT");

        var one = await VariablesAsync(server, ("http", 1001), ("management", 1002));
        var two = await VariablesAsync(server, ("http", 2001), ("management", 2002));

        Assert.Equal("http://localhost:1001;http://localhost:1002", one["ASPNETCORE_URLS"]);
        Assert.Equal("1002", one["MANAGEMENT_PORT"]);
        Assert.Equal("http://localhost:2001;http://localhost:2002", two["ASPNETCORE_URLS"]);
        Assert.Equal("2002", two["MANAGEMENT_PORT"]);
    }

    [Fact]
    public async Task A_project_without_endpoints_is_told_none() =>
        Assert.DoesNotContain("ASPNETCORE_URLS", await VariablesAsync(Project("client")));

    [Fact]
    public async Task Endpoints_can_be_kept_out_of_the_environment()
    {
        var server = Project("server").WithHttpEndpoint().WithEndpoint(name: "admin", scheme: "http").WithEndpointsInEnvironment(e => e.Name != "admin");

        Assert.Equal("http://localhost:1001", (await VariablesAsync(server, ("http", 1001), ("admin", 1002)))["ASPNETCORE_URLS"]);
    }

    [Fact]
    public async Task A_project_with_https_is_given_the_certificate_and_the_public_port()
    {
        var balancer = Project("balancer").WithHttpsEndpoint(port: 50051, isProxied: false).WithHttpEndpoint();
        Allocate(balancer, "https", 50051);

        var variables = await VariablesAsync(balancer, ("https", 50051), ("http", 1001));

        Assert.Equal("https://localhost:50051;http://localhost:1001", variables["ASPNETCORE_URLS"]);
        Assert.Equal("50051", variables["ASPNETCORE_HTTPS_PORT"]);
        Assert.True(File.Exists(variables["Kestrel__Certificates__Default__Path"]));
        Assert.True(File.Exists(variables["Kestrel__Certificates__Default__KeyPath"]));
    }

    [Fact]
    public async Task A_reference_tells_all_endpoints_by_scheme_or_name()
    {
        var balancer = Project("balancer").WithHttpsEndpoint().WithHttpEndpoint(name: "registry");
        Allocate(balancer, "https", 50051);
        Allocate(balancer, "registry", 4000);

        var variables = await VariablesAsync(Project("client").WithReference(balancer));

        Assert.Equal("https://localhost:50051", variables["services__balancer__https__0"]);
        Assert.Equal("http://localhost:4000", variables["services__balancer__registry__0"]);
        Assert.Equal("https://localhost:50051", variables["BALANCER_HTTPS"]);
        Assert.Equal("http://localhost:4000", variables["BALANCER_REGISTRY"]);
    }

    [Fact]
    public async Task A_reference_to_an_endpoint_tells_that_one_only()
    {
        var balancer = Project("balancer").WithHttpsEndpoint().WithHttpEndpoint(name: "registry");
        Allocate(balancer, "registry", 4000);

        var variables = await VariablesAsync(Project("server").WithReference(balancer.GetEndpoint("registry")));

        Assert.Equal("http://localhost:4000", variables["services__balancer__registry__0"]);
        Assert.DoesNotContain(variables.Keys, k => k.Contains("https", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_endpoint_referenced_twice_is_one_address()
    {
        var balancer = Project("balancer").WithHttpEndpoint();
        Allocate(balancer, "http", 4000);

        var variables = await VariablesAsync(Project("server").WithReference(balancer).WithReference(balancer.GetEndpoint("http")));

        Assert.Single(variables.Keys, k => k.StartsWith("services__", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_excluded_endpoint_is_left_out_of_references()
    {
        var balancer = Project("balancer").WithHttpEndpoint().WithHttpEndpoint(name: "hidden").WithEndpoint("hidden", e => e.ExcludeReferenceEndpoint = true);
        Allocate(balancer, "http", 4000);

        Assert.DoesNotContain(await VariablesAsync(Project("client").WithReference(balancer)), v => v.Key.Contains("hidden", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task References_can_be_limited_to_service_discovery()
    {
        var balancer = Project("balancer").WithHttpEndpoint();
        Allocate(balancer, "http", 4000);

        var variables = await VariablesAsync(Project("client").WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.ServiceDiscovery).WithReference(balancer));

        Assert.Contains("services__balancer__http__0", variables);
        Assert.DoesNotContain("BALANCER_HTTP", variables);
    }

    [Fact]
    public async Task A_service_outside_is_found_by_name()
    {
        Assert.Equal("https://example.com/", (await VariablesAsync(Project("client").WithReference("other", new Uri("https://example.com"))))["services__other__default__0"]);
        Assert.Throws<InvalidOperationException>(() => Project("two").WithReference("other", new Uri("https://example.com/path")));
    }

    [Fact]
    public async Task All_forms_of_WithEnvironment_set_their_value()
    {
        var key = _builder.AddParameter("key", "se{cr}et", secret: true);
        var server = Project("server").WithHttpEndpoint();
        Allocate(server, "http", 4000);
        var endpoint = server.GetEndpoint("http");

        var variables = await VariablesAsync(Project("client")
            .WithEnvironment("TEXT", "text")
            .WithEnvironment("EMPTY", (string?)null)
            .WithEnvironment("PARAMETER", key)
            .WithEnvironment("ENDPOINT", endpoint)
            .WithEnvironment("PORT", endpoint.Property(EndpointProperty.Port))
            .WithEnvironment("FUNC", () => "called")
            .WithEnvironment("INTERPOLATED", $"{endpoint}/x?key={key}&{{braces}}")
            .WithEnvironment("ESCAPED", $"{endpoint.Property(EndpointProperty.HostAndPort)}?key={key.Resource:uri}")
            .WithEnvironment(context => context.EnvironmentVariables["CALLBACK"] = 42));

        Assert.Equal("text", variables["TEXT"]);
        Assert.Equal("", variables["EMPTY"]);
        Assert.Equal("se{cr}et", variables["PARAMETER"]);
        Assert.Equal("http://localhost:4000", variables["ENDPOINT"]);
        Assert.Equal("4000", variables["PORT"]);
        Assert.Equal("called", variables["FUNC"]);
        Assert.Equal("http://localhost:4000/x?key=se{cr}et&{braces}", variables["INTERPOLATED"]);
        Assert.Equal("localhost:4000?key=se%7Bcr%7Det", variables["ESCAPED"]);
        Assert.Equal("42", variables["CALLBACK"]);
    }

    [Fact]
    public async Task A_parameter_comes_from_the_configuration()
    {
        _builder.Configuration["Parameters:registry-key"] = "configured";

        Assert.Equal("configured", (await VariablesAsync(Project("server").WithEnvironment("KEY", _builder.AddParameter("registry-key"))))["KEY"]);
    }

    [Fact]
    public async Task A_parameter_without_value_is_a_clear_error()
    {
        var fault = await Assert.ThrowsAsync<LaunchException>(() => VariablesAsync(Project("server").WithEnvironment("KEY", _builder.AddParameter("registry-key"))));

        Assert.Contains("'KEY'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'registry-key'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'Parameters__registry_key'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_string_is_told_by_name()
    {
        _builder.Configuration["ConnectionStrings:db"] = "Host=here";
        var configured = _builder.AddConnectionString("db").WithConnectionProperty("Host", "here");
        var own = _builder.AddConnectionString("own", environmentVariableName: "OWN_VARIABLE");
        _builder.Configuration["ConnectionStrings:own"] = "x";
        var password = _builder.AddParameter("password", "p&q", secret: true);
        var made = _builder.AddConnectionString("made", ReferenceExpression.Create($"Password={password}"));
        var built = _builder.AddConnectionString("built", pieces =>
        {
            pieces.AppendLiteral("{a}=");
            pieces.Append($"{password.Resource:uri};");
        });

        var variables = await VariablesAsync(Project("server").WithReference(configured).WithReference(own).WithReference(made, "renamed").WithReference(built).WithEnvironment("BUILT", built));

        Assert.Equal("Host=here", variables["ConnectionStrings__db"]);
        Assert.Equal("here", variables["DB_HOST"]);
        Assert.Equal("x", variables["OWN_VARIABLE"]);
        Assert.Equal("Password=p&q", variables["ConnectionStrings__renamed"]);
        Assert.Equal("{a}=p%26q;", variables["ConnectionStrings__built"]);
        Assert.Equal("{a}=p%26q;", variables["BUILT"]);
        Assert.Equal("{made.connectionString}", ((IManifestExpressionProvider)made.Resource).ValueExpression);
        Assert.Equal("{a}={password.value};", built.Resource.ConnectionStringExpression.ValueExpression);
    }

    [Fact]
    public async Task A_connection_string_without_value_is_a_clear_error_unless_it_is_optional()
    {
        var missing = _builder.AddConnectionString("db");

        Assert.DoesNotContain("ConnectionStrings__db", await VariablesAsync(Project("one").WithReference(missing, optional: true)));
        var fault = await Assert.ThrowsAsync<LaunchException>(() => VariablesAsync(Project("two").WithReference(missing)));
        Assert.Contains("'ConnectionStrings__db'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'ConnectionStrings:db'", fault.Message, StringComparison.Ordinal);
        Assert.Empty(await VariablesAsync(_builder.AddExecutable("three", "sh", ".").WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.Endpoints).WithReference(missing)));
    }

    [Fact]
    public void A_made_value_has_the_characters_that_were_asked_for()
    {
        var plain = new GenerateParameterDefault { MinLength = 40, Special = false, MinNumeric = 5, MinUpper = 3 }.GetDefaultValue();
        Assert.Matches("^[a-zA-Z0-9]{40}$", plain);
        Assert.InRange(plain.Count(char.IsAsciiDigit), 5, 40);
        Assert.InRange(plain.Count(char.IsAsciiLetterUpper), 3, 40);
        Assert.NotEqual(plain, new GenerateParameterDefault { MinLength = 40, Special = false }.GetDefaultValue());
        Assert.Equal(22, new GenerateParameterDefault().GetDefaultValue().Length);
        Assert.Contains("MinSpecial", Assert.Throws<InvalidOperationException>(() => new GenerateParameterDefault { Special = false, MinSpecial = 1 }.GetDefaultValue()).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => new GenerateParameterDefault { Lower = false, Upper = false, Numeric = false, Special = false }.GetDefaultValue());
    }

    [Fact]
    public async Task Anothers_target_port_is_a_clear_error()
    {
        var server = Project("server").WithReplicas(2).WithHttpEndpoint();
        Allocate(server, "http", 4000);

        var fault = await Assert.ThrowsAsync<LaunchException>(() => VariablesAsync(Project("client").WithEnvironment("PORT", server.GetEndpoint("http").Property(EndpointProperty.TargetPort))));

        Assert.Contains("each replica", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telemetry_carries_service_and_instance_always_and_an_endpoint_only_where_there_is_one()
    {
        var variables = await VariablesAsync(Project("server"));

        Assert.Equal("server", variables["OTEL_SERVICE_NAME"]);
        Assert.Equal("service.instance.id=abcdefgh", variables["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_ENDPOINT", variables);

        _builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "https://localhost:21050";
        variables = await VariablesAsync(Project("other"));

        Assert.Equal("https://localhost:21050", variables["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("grpc", variables["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal("1000", variables["OTEL_METRIC_EXPORT_INTERVAL"]);
    }

    [Fact]
    public async Task An_executable_is_told_about_telemetry_when_it_asks()
    {
        Assert.Empty(await VariablesAsync(_builder.AddExecutable("plain", "sh", ".")));
        Assert.Equal("asks", (await VariablesAsync(_builder.AddExecutable("asks", "sh", ".").WithOtlpExporter()))["OTEL_SERVICE_NAME"]);
    }

    [Fact]
    public async Task A_launch_profile_brings_endpoints_variables_and_arguments()
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestApp.Home, "profile")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "Properties"));
        File.WriteAllText(Path.Combine(folder, "Properties", "launchSettings.json"), """
            {
              // The one that an IDE uses.
              "profiles": {
                "IIS": { "commandName": "IISExpress", "applicationUrl": "http://localhost:1" },
                "https": {
                  "commandName": "Project",
                  "commandLineArgs": "--name \"two words\" -v",
                  "applicationUrl": "https://localhost:7001;http://localhost:5001;http://localhost:5002",
                  "environmentVariables": { "FROM_PROFILE": "yes" },
                },
              }
            }
            """);
        var web = _builder.AddProject("web", Path.Combine(folder, "Web.csproj"));

        Assert.Equal([("https", 7001), ("http", 5001), ("http2", 5002)], web.Resource.Annotations.OfType<EndpointAnnotation>().Select(e => (e.Name, e.Port!.Value)));
        foreach (var (name, port) in new[] { ("https", 7001), ("http", 5001), ("http2", 5002) }) Allocate(web, name, port);
        var variables = await VariablesAsync(web, ("https", 1), ("http", 2), ("http2", 3));
        Assert.Equal("yes", variables["FROM_PROFILE"]);
        Assert.Equal("https", variables["DOTNET_LAUNCH_PROFILE"]);
        Assert.Equal("https://localhost:1;http://localhost:2;http://localhost:3", variables["ASPNETCORE_URLS"]);
        var arguments = new CommandLineArgsCallbackContext([]);
        foreach (var annotation in web.Resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>()) await annotation.Callback(arguments);
        Assert.Equal(["--name", "two words", "-v"], arguments.Args);

        Assert.Empty(_builder.AddProject("bare", Path.Combine(folder, "Web.csproj"), o => o.ExcludeLaunchProfile = true).Resource.Annotations.OfType<EndpointAnnotation>());
        var fault = Assert.Throws<DistributedApplicationException>(() => _builder.AddProject("wrong", Path.Combine(folder, "Web.csproj"), "nope"));
        Assert.Contains("'nope'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'https'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_reference_to_nothing_names_what_there_is()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => Project("server").WithHttpEndpoint().GetEndpoint("https").EndpointAnnotation);

        Assert.Contains("'https'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'http'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roots_are_added_to_those_that_are_there()
    {
        Assert.Equal("/own:/given:/more", ChildEnvironment.RootsWith("/own", "/given:/more"));
        Assert.Equal("/own:/given", ChildEnvironment.RootsWith("/own", "/given:/own"));
        Assert.StartsWith("/own", ChildEnvironment.RootsWith("/own", null), StringComparison.Ordinal);
    }

    private static void Allocate(IResourceBuilder<IResourceWithEndpoints> resource, string endpoint, int port)
    {
        var annotation = resource.GetEndpoint(endpoint).EndpointAnnotation;
        annotation.AllocatedEndpoint = new AllocatedEndpoint(annotation, "localhost", port);
    }

    private IResourceBuilder<ProjectResource> Project(string name) => _builder.AddProject<TestApp.Sample>(name);

    private async Task<Dictionary<string, string>> VariablesAsync(IResourceBuilder<IResource> resource, params (string Endpoint, int Port)[] ports)
    {
        _application ??= _builder.Build();
        var context = new InstanceValueContext
        {
            Caller = resource.Resource,
            ExecutionContext = _builder.ExecutionContext,
            InstanceSuffix = "abcdefgh",
            TargetPorts = ports.ToDictionary(p => p.Endpoint, p => p.Port),
        };
        return await _application.Services.GetRequiredService<LaunchSpecFactory>().VariablesAsync(context, NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}
