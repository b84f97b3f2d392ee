using RouteGuide.Server;
using RouteGuide.ServiceDefaults;

return await ServiceProgram.RunAsync("routeguide-server", () => ServerApp.Create(args).RunAsync());
