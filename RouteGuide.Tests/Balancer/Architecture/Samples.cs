using System.Diagnostics;
using System.Net.Sockets;
using RouteGuide.Http2.Transport;

#pragma warning disable CA1822, CA1852, CA1812, IDE0051, IDE0052, CS0169, CS0649, IDE0044 // They are here to be read by the tests, not to be run.

namespace RouteGuide.Tests.Balancer.Architecture
{
    /// <summary>One way to use a type each, so that the search is known to see it.</summary>
    public static class Samples
    {
        public static TheoryData<Type> OfSocket =>
        [
            typeof(InField), typeof(InProperty), typeof(InParameter), typeof(InResult), typeof(InArray), typeof(InGenericArgument), typeof(InBase), typeof(InConstraint), typeof(InAttribute),
            typeof(InCall), typeof(InConstruction), typeof(InStaticRead), typeof(InToken), typeof(InGenericCall), typeof(InCast), typeof(InIgnoredResult),
            .. typeof(InLambda).GetNestedTypes(System.Reflection.BindingFlags.NonPublic).Where(t => !t.IsEnum),
        ];

        internal class InField
        {
            private Socket? _field;
        }

        internal abstract class InProperty
        {
            public abstract Socket Property { get; }
        }

        internal abstract class InParameter
        {
            public abstract void Method(in Socket socket);
        }

        internal abstract class InResult
        {
            public abstract Socket Method();
        }

        internal abstract class InArray
        {
            public abstract Socket[][] Method();
        }

        internal abstract class InGenericArgument
        {
            public abstract void Method(Dictionary<int, List<Socket>> map);
        }

        internal class InBase : List<Socket>;

        internal class InConstraint
        {
            public void Method<T>()
                where T : Socket
            {
            }
        }

        [DebuggerTypeProxy(typeof(Socket))]
        internal class InAttribute;

        internal class InCall
        {
            public bool Method() => Socket.OSSupportsIPv6;
        }

        internal class InConstruction
        {
            public object Method() => new Socket(SocketType.Stream, ProtocolType.Tcp);
        }

        internal class InStaticRead
        {
            public object? Method() => Holder.Socket;
        }

        internal class InToken
        {
            public string Method() => typeof(Socket).Name;
        }

        internal class InGenericCall
        {
            public object Method() => Array.Empty<Socket>();
        }

        internal class InCast
        {
            public bool Method(object value) => value is Socket;
        }

        internal class InIgnoredResult
        {
            public void Method(TcpListener listener) => listener.AcceptSocket();
        }

        internal class InLambda
        {
            public Func<bool> Method(object value) => () => ((Socket)value).Connected;
        }

        internal static class Holder
        {
            public static Socket? Socket { get; set; }
        }

        internal class EverythingImpure
        {
            private readonly Lock _lock = new();

            public Task Method(SocketChannel channel) => channel.IsSending ? Task.CompletedTask : Task.FromCanceled(default);

            public long Read()
            {
                lock (this) Monitor.Pulse(this);
                lock (_lock)
                {
                    new Thread(() => { }).Start();
                    return Stopwatch.GetTimestamp() + DateTime.UtcNow.Ticks + TimeProvider.System.GetTimestamp() + Environment.TickCount64;
                }
            }
        }
    }
}

namespace RouteGuide.Tests.Balancer.Architecture.Sample
{
    internal class Composition
    {
        public object Method() => new Upper.Roof();
    }
}

namespace RouteGuide.Tests.Balancer.Architecture.Sample.Upper
{
    internal class Roof
    {
        public object Method() => new Lower.Cellar();
    }
}

namespace RouteGuide.Tests.Balancer.Architecture.Sample.Lower
{
    internal class Cellar
    {
        public string Method() => nameof(Composition) + new Composition();
    }
}

namespace RouteGuide.Tests.Balancer.Architecture.Sample.Lower.Deep
{
    internal class Well
    {
        public object Method() => Enumerable.Empty<Upper.Roof>();
    }
}

namespace RouteGuide.Tests.Balancer.Architecture.Sample.Other
{
    internal class Shed;
}
