using RouteGuide.Client.Cli;

return await ClientCommand.InvokeAsync(args, Console.Out, Console.Error);
