using RouteGuide.Server;
using RouteGuide.ServiceDefaults;

try
{
    await ServerApp.Create(args).RunAsync();
    return 0;
}
catch (Exception error) when (error is ConfigurationException or IOException)
{
    // What an operator can put right is told in one line; a stack trace would hide it.
    await Console.Error.WriteLineAsync($"routeguide server: {error.Message}");
    return 1;
}
