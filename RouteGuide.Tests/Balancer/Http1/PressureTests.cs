using Microsoft.AspNetCore.Http;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>Who is slow makes the other side wait; nothing piles up between them, and nobody else notices.</summary>
public sealed class PressureTests
{
    private const int Piece = 64 * 1024;
    private const long Whole = 256L * 1024 * 1024;

    // What the kernel keeps in sockets' buffers, on both sides, and the balancer in its own.
    private const long MayLieBetween = 64L * 1024 * 1024;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_does_not_read_holds_the_target(bool tls)
    {
        var written = 0L;
        await using var target = await Web.Target(async context =>
        {
            if (context.Request.Path == "/canary") return;
            var piece = new byte[Piece];
            context.Response.ContentLength = Whole;
            while (written < Whole)
            {
                await context.Response.Body.WriteAsync(piece);
                Interlocked.Add(ref written, Piece);
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(tls ? balancer.Tls : balancer.Plaintext, receiveBuffer: Piece);
        await using var canary = await Http1Client.Connect(balancer.Tls);

        await client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.ReadHead()).Status);
        Assert.InRange(await Web.Settled(() => Interlocked.Read(ref written)), 1, MayLieBetween);
        Assert.Equal(200, (await canary.Get("/canary")).Status);

        var read = 0L;
        while (read < Whole)
        {
            await client.ReadExactly(Piece);
            read += Piece;
        }

        Assert.Equal(200, (await client.Get("/canary")).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_target_that_does_not_read_holds_the_client(bool tls)
    {
        var goOn = new TaskCompletionSource();
        var read = 0L;
        await using var target = await Web.Target(async context =>
        {
            if (context.Request.Path == "/canary") return;
            await goOn.Task;
            var piece = new byte[Piece];
            while (await context.Request.Body.ReadAsync(piece) is > 0 and var count) read += count;
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(tls ? balancer.Tls : balancer.Plaintext);
        await using var canary = await Http1Client.Connect(balancer.Tls);
        var sent = 0L;

        await client.Send($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Whole}\r\n\r\n");
        var sending = Task.Run(async () =>
        {
            var piece = new byte[Piece];
            for (; sent < Whole; Interlocked.Add(ref sent, Piece)) await client.Send(piece);
        });
        Assert.InRange(await Web.Settled(() => Interlocked.Read(ref sent)), 1, MayLieBetween);
        Assert.Equal(200, (await canary.Get("/canary")).Status);

        goOn.SetResult();
        await sending.WaitAsync(Support.Eventually.Patience);
        Assert.Equal(200, (await client.Read()).Status);
        Assert.Equal(Whole, read);
    }

    [Fact]
    public async Task Many_clients_at_once_are_served()
    {
        await using var target = await Web.Target(context => context.Response.WriteAsync(context.Request.Path));
        await using var balancer = await Web.Balancer([target.Url]);

        await Parallel.ForEachAsync(Enumerable.Range(0, 64), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            await using var client = await Http1Client.Connect(i % 2 == 0 ? balancer.Tls : balancer.Plaintext);
            for (var j = 0; j < 10; j++) Assert.Equal($"/{i}/{j}", (await client.Get($"/{i}/{j}")).Text);
        });

        Assert.Equal(640, target.Calls);
    }

    [Fact]
    public async Task It_works_on_managed_sockets_alone()
    {
        await using var target = await Web.Target(async context => await context.Request.Body.CopyToAsync(context.Response.Body));
        await using var balancer = await Web.Balancer([target.Url], "Balancer:Transport=portable");
        await using var client = await Http1Client.Connect(balancer.Tls);
        var body = new string('y', 3_000_000);

        var sending = client.Send($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var response = await client.Read();
        await sending;

        Assert.Equal(body, response.Text);
    }
}
