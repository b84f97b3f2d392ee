using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// Asks the kernel whether the peer has closed a connection, a moment before the reading side gets to hear of it. What is written in
/// that moment is lost, and nobody could say whether the target had seen it.
/// </summary>
internal static class PeerState
{
    // poll(2), the same on all Linux architectures.
    private const short Error = 0x8;
    private const short HangUp = 0x10;
    private const short PeerHangUp = 0x2000;

    /// <summary>False also where it cannot be asked: on other systems than Linux the reading side finds out.</summary>
    public static bool HasClosed(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return false;

        var handle = socket.SafeHandle;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            var request = new PollRequest { Descriptor = (int)handle.DangerousGetHandle(), Events = PeerHangUp };
            return Poll(ref request, 1, 0) > 0 && (request.Returned & (Error | HangUp | PeerHangUp)) != 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
        finally
        {
            if (held) handle.DangerousRelease();
        }
    }

    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollRequest requests, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
