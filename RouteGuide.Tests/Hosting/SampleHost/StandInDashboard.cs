using System.Net;
using System.Net.Sockets;

namespace SampleHost;

/// <summary>
/// Takes the dashboard's place: listens where the dashboard is to listen. A line "env NAME" is answered with the value of that variable,
/// "pid" with the process id, and "crash" ends it with exit code 7.
/// </summary>
internal static class StandInDashboard
{
    public static bool IsWanted => Environment.GetEnvironmentVariable("DASHBOARD__FRONTEND__BROWSERTOKEN") is not null;

    public static int Run()
    {
        var listener = new TcpListener(IPAddress.Loopback, new Uri(Environment.GetEnvironmentVariable("ASPNETCORE_URLS")!.Split(';')[0]).Port);
        listener.Start();
        while (true)
        {
            using var client = listener.AcceptTcpClient();
            using var reader = new StreamReader(client.GetStream());
            using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
            switch (reader.ReadLine()?.Split(' '))
            {
                case ["crash"]:
                    Console.Error.WriteLine("last words");
                    return 7;
                case ["pid"]:
                    writer.WriteLine(Environment.ProcessId);
                    break;
                case ["env", var name]:
                    writer.WriteLine(Environment.GetEnvironmentVariable(name));
                    break;
                default:
                    // Somebody looked whether anybody listens here.
                    break;
            }
        }
    }
}
