// Runs shell scripts as resources. Each is described by configuration, for example on the command line:
//   --Resources:0:Name=one --Resources:0:Script="echo hello" --Resources:0:WaitFor=other --Resources:0:Port=5000 --Resources:0:Proxied=false --Resources:0:Health=/health
if (args is ["serve", ..]) return SampleHost.Server.Serve();
if (SampleHost.StandInDashboard.IsWanted) return SampleHost.StandInDashboard.Run();

var builder = DistributedApplication.CreateBuilder(args);
var added = new Dictionary<string, IResourceBuilder<ExecutableResource>>();
foreach (var section in builder.Configuration.GetSection("Resources").GetChildren())
{
    var name = section["Name"]!;
    var resource = builder.AddExecutable(name, section["Command"] ?? "sh", section["Directory"] ?? ".", section["Script"] is { } script ? ["-c", script] : []);
    if (section["Port"] is { } port) resource.WithHttpEndpoint(port: port == "0" ? null : int.Parse(port), env: "PORT", isProxied: section["Proxied"] != "false");
    if (section["Health"] is { } path) resource.WithHttpHealthCheck(path);
    if (section["WaitFor"] is { } other) resource.WaitFor(added[other]);
    if (section["WaitForCompletion"] is { } first) resource.WaitForCompletion(added[first]);
    added[name] = resource;
}

builder.Build().Run();
return Environment.ExitCode;
