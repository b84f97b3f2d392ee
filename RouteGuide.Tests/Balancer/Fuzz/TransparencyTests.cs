using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Transport;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>
/// What arrives is what was sent, field by field, whatever came before it: header sections that repeat, differ a little, move about in the
/// tables, or end their life there must all come out as if each had been the first.
/// </summary>
public sealed partial class TransparencyTests
{
    private const int Calls = 60;

    [Fact]
    public void Fields_arrive_as_they_were_sent_in_both_directions_however_often_they_repeat()
    {
        using var loop = new ScriptedLoop();
        for (var seed = 0; seed < 40; seed++)
        {
            var run = new Conversation(loop, new Random(seed));
            try
            {
                loop.Run(run.Step);
            }
            catch (InvalidOperationException e)
            {
                throw new InvalidOperationException($"seed {seed}, call {run.Done}: {e.Message}", e);
            }

            Assert.Equal(Calls, run.Done);
        }
    }

    [GeneratedRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$")]
    private static partial Regex MadeTrace();

    /// <summary>A client, a target and the balancer's own way between them; one call after the other, a step a direction.</summary>
    private sealed class Conversation : IConnector
    {
        private static readonly (string Name, string[] Values)[] RequestPool =
        [
            ("user-agent", ["grpc-go/1.60", "grpc-dotnet/2.7", "python"]), ("te", ["trailers"]), ("content-type", ["application/grpc", "application/json"]), ("grpc-timeout", ["1H", "5M"]),
            ("authorization", ["Bearer one", "Bearer two"]), ("cookie", ["a=1", "b=2"]), ("x-long", [new string('x', 300), new string('y', 1_500)]), ("x-empty", [""]),
            ("x-forwarded-for", ["10.1.1.1", "10.2.2.2"]), ("x-forwarded-proto", ["gopher"]), ("x-forwarded-port", ["70"]), ("traceparent", ["00-11111111111111111111111111111111-2222222222222222-01", "unique trace"]),
        ];

        private static readonly (string Name, string[] Values)[] ResponsePool =
        [
            ("content-type", ["application/grpc"]), ("server", ["one", "two"]), ("date", ["Sat, 21 Nov 2026 10:00:00 GMT", "unique"]), ("x-bytes-bin", ["AAEC"]), ("grpc-encoding", ["identity", "gzip"]), ("x-long", [new string('z', 900)]),
        ];

        private readonly ScriptedLoop _loop;
        private readonly Random _random;
        private readonly bool _isTls;
        private readonly HpackEncoder _clientEncoder = new(HpackEncoder.InitialTableSize);
        private readonly HpackEncoder _targetEncoder = new(HpackEncoder.InitialTableSize);
        private readonly List<string> _atTarget = [];
        private readonly List<string> _atClient = [];
        private Action<IChannel?, string?>? _connecting;
        private ProxyLoop _proxy = null!;
        private ScriptedChannel _client = null!;
        private ScriptedChannel? _target;
        private List<(string Name, string Value, bool Secret)> _request = [];
        private string[] _response = [];
        private Func<bool> _next;

        public Conversation(ScriptedLoop loop, Random random)
        {
            (_loop, _random, _isTls) = (loop, random, random.Next(2) == 0);
            _next = Begin;
        }

        public int Done { get; private set; }

        public bool Step() => _next();

        public void Connect(EventLoop loop, string host, int port, TimeSpan timeout, Action<IChannel?, string?> done) => _connecting = done;

        private bool Begin()
        {
            var group = new TargetGroup(RouteTable.DefaultGroup, ProtocolVersion.Http2, 0);
            Assert.True(TargetAddress.TryParse("http://10.0.0.1:5000", out var address, out _));
            group.Targets.TryAdd(new Target("t", address, leased: true));
            var routes = new ProxyRoutes(new RouteTable([group], [], group), g => new ProxyGroup(g, new RoundRobin(), new SuspectWatch(g.Targets, probes: false, _loop.Time, NullLogger<SuspectWatch>.Instance)));
            _proxy = new ProxyLoop(_loop.Loop, new ProxyShared(routes, new NoLog(), new ProxyOptions(), _loop.Time) { Connector = this });
            _proxy.Start();
            _proxy.Warm();
            _client = Channel(Http2Role.Server, _atClient);
            new ClientConnection(_proxy, _client, _isTls, () => { }).Start();
            _client.Deliver(HpackWire.Concat(HpackWire.Preface, HpackWire.Settings(), HpackWire.SettingsAck));
            _next = Connected;
            return true;
        }

        private bool Connected()
        {
            _target = Channel(Http2Role.Client, _atTarget);
            _connecting!(_target, null);
            _next = () =>
            {
                _target.Deliver(HpackWire.Concat(HpackWire.Settings(), HpackWire.SettingsAck));
                _next = Ask;
                return true;
            };
            return true;
        }

        private bool Ask()
        {
            if (Done == Calls)
            {
                _client.End(null);
                _proxy.Close();
                return false;
            }

            _request = [(":method", "POST", false), (":scheme", _isTls ? "https" : "http", false), (":path", $"/a.B/{_random.Next(3)}", false), (":authority", "example.com", false), .. Some(RequestPool)];
            _client.Deliver(HpackWire.Frame(1, 5, Done * 2 + 1, Encode(_clientEncoder, _request)));
            _next = Answer;
            return true;
        }

        private bool Answer()
        {
            CheckRequest(Assert.Single(_atTarget));
            _atTarget.Clear();
            List<(string, string, bool)> headers = [(":status", "200", false), .. Some(ResponsePool)];
            List<(string, string, bool)> trailers = [("grpc-status", $"{_random.Next(3)}", false), .. Some(ResponsePool)];
            _response = [Text(headers), Text(trailers)];
            var id = _target!.Judge.LastOpened;
            _target.Deliver(HpackWire.Concat(HpackWire.Frame(1, 4, id, Encode(_targetEncoder, headers)), HpackWire.Data(id, new byte[5]), HpackWire.Frame(1, 5, id, Encode(_targetEncoder, trailers))));
            _next = Listen;
            return true;
        }

        private bool Listen()
        {
            Assert.Equal(_response, _atClient);
            _atClient.Clear();
            Done++;
            _next = Ask;
            return true;
        }

        // By the rules as they are documented, not by the balancer's own code.
        private void CheckRequest(string text)
        {
            var seen = text.Split('|').ToList();
            string[] made = ["traceparent", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"];
            var kept = _request.Where(f => !made.Contains(f.Name)).Select(f => f.Name == ":scheme" ? (f.Name, "http", false) : f);
            Assert.Equal(Text(kept), string.Join('|', seen.Where(f => !made.Contains(f[..f.IndexOf('=', 1)]))));
            var hops = _request.Where(f => f.Name == "x-forwarded-for").Select(f => f.Value).ToList();
            Assert.Equal([.. hops.Count == 0 ? [] : (string[])[string.Join(",", hops)], "192.0.2.1"], ValueOf("x-forwarded-for").Split(", "));
            Assert.Equal(_isTls ? "https" : "http", ValueOf("x-forwarded-proto"));
            Assert.Equal("443", ValueOf("x-forwarded-port"));
            var trace = _request.FirstOrDefault(f => f.Name == "traceparent").Value;
            if (trace is null) Assert.Matches(MadeTrace(), ValueOf("traceparent"));
            else Assert.Equal(trace, ValueOf("traceparent"));

            string ValueOf(string name) => Assert.Single(seen, f => f.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..].TrimEnd('!');
        }

        private List<(string Name, string Value, bool Secret)> Some((string Name, string[] Values)[] pool)
        {
            var fields = new List<(string, string, bool)>();
            // Mostly the first values, so that much repeats.
            foreach (var (name, values) in pool)
            {
                if (_random.Next(3) == 0) continue;
                var value = values[_random.Next(4) == 0 ? _random.Next(values.Length) : 0];
                value = value switch
                {
                    "unique" => $"{_random.NextInt64():x}-{Done}",
                    "unique trace" => $"00-{_random.NextInt64(1, long.MaxValue):x32}-{Done + 1:x16}-01",
                    _ => value,
                };
                fields.Add((name, value, name == "authorization" && _random.Next(4) == 0));
            }

            return fields;
        }

        private byte[] Encode(HpackEncoder encoder, List<(string Name, string Value, bool Secret)> fields)
        {
            if (_random.Next(15) == 0) encoder.SetPeerLimit(_random.Next(3) == 0 ? 0 : _random.Next(HpackEncoder.InitialTableSize + 1));
            var list = new HeaderList();
            foreach (var (name, value, secret) in fields) list.Add(new HeaderEntry(name, value), neverIndexed: secret);
            var block = new byte[HpackEncoder.MaxEncodedLength(list)];
            return block[..encoder.Encode(list, block)];
        }

        private static string Text(IEnumerable<(string Name, string Value, bool Secret)> fields) => string.Join('|', fields.Select(f => $"{f.Name}={f.Value}{(f.Secret ? "!" : "")}"));

        private ScriptedChannel Channel(Http2Role role, List<string> heard)
        {
            var channel = new ScriptedChannel(_loop.Loop, role, int.MaxValue);
            channel.Judge.OnFields = (_, fields) => heard.Add(fields);
            return channel;
        }
    }

    private sealed class NoLog : IExchangeLog
    {
        public bool IsEnabled => false;

        public void Write(int slot, in ExchangeReport report)
        {
            // Nobody reads it.
        }
    }
}
