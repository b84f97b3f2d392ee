using RouteGuide.Client.Cli;
using RouteGuide.Client.Terminal;

return await ClientCommand.InvokeAsync(args, ClientConsole.OfProcess());
