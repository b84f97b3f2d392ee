using RouteGuide.Dashboard.Startup;
using RouteGuide.ServiceDefaults;

return await ServiceProgram.RunAsync("routeguide-dashboard", () => DashboardApp.Create(args).RunAsync());
