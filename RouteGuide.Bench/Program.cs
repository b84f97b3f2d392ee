using RouteGuide.Bench.Cli;

return await BenchCommand.Invoke(args, BenchCommand.CreateConsole(), Console.Out, Console.Error);
