using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// Readiness on Linux, from the kernel straight to the loop's thread: epoll(7), edge-triggered, so that a socket is registered once
/// and never again. Half the CPU of the portable way where little comes at a time.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class EpollPoller : IPoller
{
    private const int MaxEvents = 256;
    private const uint In = 0x1;
    private const uint Out = 0x4;
    private const uint Error = 0x8;
    private const uint HangUp = 0x10;
    private const uint PeerHangUp = 0x2000;
    private const uint EdgeTriggered = 1u << 31;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int Add_ = 1;
    private const int Delete = 2;
    private const int Interrupted = 4;
    private const ulong WakeSlot = ulong.MaxValue;

    // struct epoll_event is packed on x86 alone.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly byte[] _events = GC.AllocateArray<byte>(MaxEvents * EventSize, pinned: true);
    private readonly byte[] _one = new byte[EventSize];
    private readonly byte[] _counter = new byte[8];
    private readonly Stack<int> _free = new();
    private readonly int _epoll;
    private readonly int _wake;
    private SocketChannel?[] _channels = new SocketChannel?[64];
    private int _used;

    /// <exception cref="Win32Exception">The kernel has no descriptor left.</exception>
    public EpollPoller()
    {
        _epoll = Check(Native.epoll_create1(CloseOnExec));
        _wake = Check(Native.eventfd(0, CloseOnExec | NonBlocking));
        Register(_wake, In | EdgeTriggered, WakeSlot);
    }

    public void Add(SocketChannel channel)
    {
        if (!_free.TryPop(out var slot))
        {
            if (_used == _channels.Length) Array.Resize(ref _channels, _used * 2);
            slot = _used++;
        }

        _channels[slot] = channel;
        channel.PollerSlot = slot;
        Register((int)channel.Socket.Handle, In | Out | PeerHangUp | EdgeTriggered, (ulong)slot);
    }

    public void Remove(SocketChannel channel)
    {
        // Closing the descriptor takes it out of the kernel's set. Events of this turn may still name the slot; whoever gets it next is
        // asked to read once for nothing.
        _ = Native.epoll_ctl(_epoll, Delete, (int)channel.Socket.Handle, _one);
        _channels[channel.PollerSlot] = null;
        _free.Push(channel.PollerSlot);
    }

    // Edge-triggered: it is told without being asked.
    public void AwaitReadable(SocketChannel channel)
    {
    }

    public void AwaitWritable(SocketChannel channel, ReadOnlyMemory<byte> rest)
    {
    }

    public void Wait(int timeoutMs, Action onAwake)
    {
        var count = Native.epoll_wait(_epoll, _events, MaxEvents, timeoutMs);
        if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted) throw new Win32Exception(Marshal.GetLastPInvokeError());
        onAwake();

        for (var i = 0; i < count; i++)
        {
            var at = i * EventSize;
            var what = MemoryMarshal.Read<uint>(_events.AsSpan(at));
            var slot = MemoryMarshal.Read<ulong>(_events.AsSpan(at + DataOffset));
            if (slot == WakeSlot) _ = Native.read(_wake, _counter, 8);
            else Tell((int)slot, what);
        }
    }

    public void Wake()
    {
        Span<byte> one = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(one, 1);
        if (!BitConverter.IsLittleEndian) one.Reverse();
        _ = Native.write(_wake, ref MemoryMarshal.GetReference(one), 8);
    }

    public void Dispose()
    {
        _ = Native.close(_epoll);
        _ = Native.close(_wake);
    }

    private void Tell(int slot, uint what)
    {
        if ((what & (PeerHangUp | HangUp | Error)) != 0 && _channels[slot] is { } ending) ending.EndIsNear = true;
        if ((what & (Out | HangUp | Error)) != 0) _channels[slot]?.OnWritable(0, SocketError.Success);
        if ((what & (In | PeerHangUp | HangUp | Error)) != 0) _channels[slot]?.OnReadable();
    }

    private void Register(int descriptor, uint events, ulong data)
    {
        MemoryMarshal.Write(_one, events);
        MemoryMarshal.Write(_one.AsSpan(DataOffset), data);
        Check(Native.epoll_ctl(_epoll, Add_, descriptor, _one));
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    private static class Native
    {
        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int epoll_create1(int flags);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int epoll_ctl(int epoll, int operation, int descriptor, byte[] what);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int epoll_wait(int epoll, [Out] byte[] events, int count, int timeoutMs);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int eventfd(uint initial, int flags);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint read(int descriptor, [Out] byte[] buffer, nint count);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint write(int descriptor, ref byte buffer, nint count);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int close(int descriptor);
    }
}
