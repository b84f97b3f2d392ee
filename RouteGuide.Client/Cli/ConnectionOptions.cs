using System.CommandLine;
using Microsoft.Extensions.Configuration;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Client.Cli;

/// <summary>The options that every command has: where to call, and whom to believe there.</summary>
internal sealed class ConnectionOptions
{
    private const string DefaultAddress = "https://localhost:50051";

    private readonly Option<Uri> _address;
    private readonly Option<FileInfo?> _ca;
    private readonly Option<bool> _insecure = new("--insecure")
    {
        Description = "Take any certificate. For a test of your own only: nobody knows who answers.",
        Recursive = true,
    };

    /// <exception cref="ConfigurationException">The environment names a balancer's address that cannot be used.</exception>
    public ConnectionOptions()
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var known = ServiceEndpoints.Find(environment, "balancer", "https");
        _address = new Option<Uri>("--address")
        {
            Description = "Where to call: https://host:port, or http://host:port for HTTP/2 without TLS. An app host names its balancer.",
            HelpName = "url",
            CustomParser = Parsing.Address,
            DefaultValueFactory = _ => known ?? new Uri(DefaultAddress),
            Recursive = true,
        };
        _ca = new Option<FileInfo?>("--ca")
        {
            Description = "A PEM file with the root certificates to trust, and no others. [default: $ROUTEGUIDE_CA, else the machine's roots]",
            HelpName = "file",
            CustomParser = Parsing.File,
            DefaultValueFactory = _ => environment["ROUTEGUIDE_CA"] is { Length: > 0 } path ? new FileInfo(path) : null,
            Recursive = true,
        };
    }

    public IEnumerable<Option> All => [_address, _ca, _insecure];

    public ConnectionSettings Read(ParseResult parsed) => new(parsed.GetRequiredValue(_address), parsed.GetValue(_ca), parsed.GetValue(_insecure));
}
