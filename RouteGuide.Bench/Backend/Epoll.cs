using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RouteGuide.Bench.Backend;

/// <summary>The few system calls that the backend lives on. Linux only, as the comparison is.</summary>
internal sealed partial class Epoll : IDisposable
{
    /// <summary>How long a wait without an event takes.</summary>
    public const int WaitMilliseconds = 200;

    public const uint Readable = 0x001;
    public const uint Writable = 0x004;

    private const int Add = 1;
    private const int Remove = 2;
    private const int Modify = 3;
    private const int CloseOnExec = 0x80000;
    private const int MaxEvents = 256;
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    // The kernel packs the event on x86-64 and nowhere else (epoll_ctl(2), <sys/epoll.h>).
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    private readonly byte[] _events = GC.AllocateArray<byte>(MaxEvents * 16, pinned: true);
    private readonly int _descriptor;

    public Epoll()
    {
        _descriptor = EpollCreate(CloseOnExec);
        if (_descriptor < 0) throw new Win32Exception();
    }

    /// <summary>Watches a descriptor. Level-triggered: what was not read is told again.</summary>
    public void Watch(int descriptor, uint events) => Control(Add, descriptor, events);

    public void Change(int descriptor, uint events) => Control(Modify, descriptor, events);

    public void Forget(int descriptor) => Control(Remove, descriptor, 0);

    /// <summary>Waits for events, for a while, and tells each of them.</summary>
    public void Wait(Action<int, uint> ready)
    {
        int count;
        unsafe
        {
            fixed (byte* events = _events) count = EpollWait(_descriptor, events, MaxEvents, WaitMilliseconds);
        }

        if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted) throw new Win32Exception();
        for (var i = 0; i < count; i++)
        {
            var at = i * EventSize;
            ready(BitConverter.ToInt32(_events, at + DataOffset), BitConverter.ToUInt32(_events, at));
        }
    }

    /// <summary>Receives what there is: the octets, 0 at the end of the connection or when it broke, -1 when there is nothing yet.</summary>
    public static int Receive(int descriptor, Span<byte> into) => Outcome(Recv(descriptor, ref MemoryMarshal.GetReference(into), into.Length, 0));

    /// <summary>Sends what fits: the octets, 0 when the connection broke, -1 when nothing fits.</summary>
    public static int Send(int descriptor, ReadOnlySpan<byte> from)
    {
        const int NoSignal = 0x4000;
        return Outcome(SendNative(descriptor, ref MemoryMarshal.GetReference(from), from.Length, NoSignal));
    }

    public void Dispose() => _ = Close(_descriptor);

    private static int Outcome(nint result)
    {
        if (result >= 0) return (int)result;
        return Marshal.GetLastPInvokeError() is TryAgain or Interrupted ? -1 : 0;
    }

    private void Control(int operation, int descriptor, uint events)
    {
        Span<byte> change = stackalloc byte[16];
        change.Clear();
        BitConverter.TryWriteBytes(change, events);
        BitConverter.TryWriteBytes(change[DataOffset..], descriptor);
        if (EpollControl(_descriptor, operation, descriptor, ref MemoryMarshal.GetReference(change)) < 0) throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, ref byte change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static unsafe partial int EpollWait(int epoll, byte* events, int count, int timeout);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Recv(int descriptor, ref byte into, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendNative(int descriptor, ref byte from, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
