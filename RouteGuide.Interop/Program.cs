using RouteGuide.Interop.Cli;

return await InteropCommand.RunAsync(args, Console.Out, Console.Error);
