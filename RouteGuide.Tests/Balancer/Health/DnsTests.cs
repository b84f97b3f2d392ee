using System.Net;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Transport.Naming;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Questions to name servers and what is made of their answers, hostile ones included.</summary>
public sealed class DnsTests
{
    private const int A = 1;
    private const int Cname = 5;
    private const int Aaaa = 28;
    private const int Srv = 33;

    [Fact]
    public async Task Addresses_of_both_families_are_found_also_behind_aliases()
    {
        await using var server = new DnsServer((q, _) => [DnsServer.Answer(q, DnsServer.Asked(q).Type == A
            ? [DnsServer.Record(null, Cname, DnsServer.Name("Real.Example")), DnsServer.Record("real.example", A, [10, 0, 0, 1]), DnsServer.Record("other.example", A, [10, 6, 6, 6])]
            : [DnsServer.Record(null, Aaaa, IPAddress.Parse("fd00::1").GetAddressBytes())])]);

        Assert.Equal(["10.0.0.1", "fd00::1"], await Find(server, NameRecords.Address));
        Assert.Equal(["10.0.0.1"], await Find(server, NameRecords.A));
        Assert.Equal(["fd00::1"], await Find(server, NameRecords.Aaaa));
    }

    [Fact]
    public async Task Services_have_ports_and_weights_and_those_of_the_lowest_priority_count()
    {
        await using var server = new DnsServer((q, _) => DnsServer.Asked(q) switch
        {
            ("_grpc._tcp.replicas.example", Srv) => [DnsServer.Answer(q, [
                DnsServer.Record(null, Srv, [0, 1, 0, 10, 0x1b, 0x59, .. DnsServer.Name("a.example")]),
                DnsServer.Record(null, Srv, [0, 1, 0, 0, 0x1b, 0x5a, .. DnsServer.Name("b.example")]),
                DnsServer.Record(null, Srv, [0, 2, 0, 99, 0x1b, 0x5b, .. DnsServer.Name("backup.example")])])],
            ("a.example", A) => [DnsServer.Answer(q, [DnsServer.Record(null, A, [10, 0, 0, 1])])],
            ("b.example", A) => [DnsServer.Answer(q, [DnsServer.Record(null, A, [10, 0, 0, 2])])],
            _ => [DnsServer.Answer(q, [])],
        });

        var found = await Service(server).Find("_grpc._tcp.replicas.example", NameRecords.Srv, CancellationToken.None);

        Assert.Equal([new(IPAddress.Parse("10.0.0.1"), 7001, 10, "a.example"), new(IPAddress.Parse("10.0.0.2"), 7002, 1, "b.example")], found);
    }

    [Fact]
    public async Task What_does_not_fit_into_a_datagram_comes_by_TCP()
    {
        await using var server = new DnsServer((q, isTcp) => [isTcp
            ? DnsServer.Answer(q, [.. Enumerable.Range(0, 500).Select(i => DnsServer.Record(null, A, [10, 0, (byte)(i >> 8), (byte)i]))])
            : DnsServer.Answer(q, [], truncated: true)]);

        Assert.Equal(500, (await Find(server, NameRecords.A)).Length);
    }

    [Fact]
    public async Task Datagrams_that_are_no_answer_to_the_question_are_passed_over()
    {
        await using var server = new DnsServer((q, _) =>
        {
            var real = DnsServer.Answer(q, [DnsServer.Record(null, A, [10, 0, 0, 1])]);
            byte[] wrongId = [.. DnsServer.Answer(q, [DnsServer.Record(null, A, [6, 6, 6, 6])])];
            wrongId[0] ^= 0xff;
            byte[] wrongName = [.. DnsServer.Answer(q, [DnsServer.Record(null, A, [6, 6, 6, 6])])];
            wrongName[13] ^= 1;
            return [[], [1, 2, 3], wrongId, wrongName, q, [.. real.AsSpan(0, real.Length - 3)], [.. q.AsSpan(0, 12), 0xc0, 12, 0, 1, 0, 1], real];
        });

        Assert.Equal(["10.0.0.1"], await Find(server, NameRecords.A));
    }

    [Theory]
    // A pointer to itself, one forward, one beyond the end, two in a circle.
    [InlineData(new byte[] { 0xc0, 0x1e })]
    [InlineData(new byte[] { 0xc0, 0x40 })]
    [InlineData(new byte[] { 0xff, 0xff })]
    [InlineData(new byte[] { 1, (byte)'a', 0xc0, 0x1e })]
    public void Names_that_lead_nowhere_end_the_reading(byte[] owner)
    {
        var question = DnsMessage.Question(7, "a.example.org", DnsType.A);
        Assert.Equal(0x1e + 1, question.Length);
        // One octet off, so that the record begins where its pointer points.
        var answer = DnsServer.Answer(question, [[.. owner, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]]);

        Assert.False(DnsMessage.TryReadAnswer(answer, question, out _));
    }

    [Fact]
    public void No_message_whatever_breaks_the_reading()
    {
        var random = new Random(4);
        var question = DnsMessage.Question(7, "_grpc._tcp.replicas.example", DnsType.Srv);
        var good = DnsServer.Answer(question, [DnsServer.Record(null, Srv, [0, 1, 0, 10, 0, 80, .. DnsServer.Name("a.example")]), DnsServer.Record("a.example", A, [1, 2, 3, 4])]);
        Assert.True(DnsMessage.TryReadAnswer(good, question, out var read));
        Assert.Equal(2, read.Records.Count);
        var survived = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bad = good.ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--) bad[random.Next(2, bad.Length)] = (byte)random.Next(256);
            if (DnsMessage.TryReadAnswer(bad.AsSpan(0, random.Next(bad.Length + 1)), question, out _)) survived++;
        }

        Assert.InRange(survived, 1, 20_000);
    }

    [Fact]
    public async Task The_next_server_is_asked_where_one_fails_and_all_failing_is_said()
    {
        await using var broken = new DnsServer((q, _) => [DnsServer.Answer(q, [], code: 2)]);
        await using var good = new DnsServer((q, _) => [DnsServer.Answer(q, [DnsServer.Record(null, A, [10, 0, 0, 1])])]);

        Assert.Equal(["10.0.0.1"], await Find([broken, good], NameRecords.A));
        var error = await Assert.ThrowsAsync<DnsException>(() => Find(broken, NameRecords.A));
        Assert.Equal($"{broken.Address} answered with code 2", error.Message);
    }

    [Fact]
    public async Task A_server_that_is_silent_costs_its_time_and_no_more()
    {
        var time = new ManualTime();
        var questions = 0;
        await using var server = new DnsServer((_, _) =>
        {
            Interlocked.Increment(ref questions);
            return [];
        });
        var found = new DnsNameService(new DnsClient(() => new DnsServers { Servers = [server.Address] }, time)).Find("a.example", NameRecords.A, CancellationToken.None);

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await Eventually.Until(() => Volatile.Read(ref questions) == attempt, "it is asked");
            time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Contains("did not answer within 2 s", (await Assert.ThrowsAsync<DnsException>(() => found)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_has_no_addresses()
    {
        await using var server = new DnsServer((q, _) => [DnsServer.Answer(q, [], code: 3)]);

        Assert.Empty(await Find(server, NameRecords.Address));
    }

    [Fact]
    public void Short_names_are_looked_for_in_the_search_domains_first()
    {
        var servers = DnsServers.FromResolvConf("# from the cluster\nnameserver 10.96.0.10\nnameserver fd00::a\r\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5 timeout:1 rotate\nnonsense\n");

        Assert.Equal(["10.96.0.10:53", "[fd00::a]:53"], servers.Servers.Select(s => s.ToString()));
        Assert.Equal((5, 1, 2), (servers.Dots, servers.Timeout.TotalSeconds, servers.Attempts));
        Assert.Equal(["replicas.default.svc.cluster.local", "replicas.svc.cluster.local", "replicas"], servers.NamesOf("replicas"));
        Assert.Equal(["replicas.default."], servers.NamesOf("replicas.default."));
        Assert.Equal(["a.b", "a.b.c"], new DnsServers { Search = ["c"] }.NamesOf("a.b"));
    }

    private static DnsNameService Service(params DnsServer[] servers) =>
        new(new DnsClient(() => new DnsServers { Servers = [.. servers.Select(s => s.Address)], Timeout = Eventually.Patience }, TimeProvider.System));

    private static Task<string[]> Find(DnsServer server, NameRecords type) => Find([server], type);

    private static async Task<string[]> Find(DnsServer[] servers, NameRecords type) =>
        [.. (await Service(servers).Find("replicas.example", type, CancellationToken.None)).Select(a => a.Address.ToString())];
}
