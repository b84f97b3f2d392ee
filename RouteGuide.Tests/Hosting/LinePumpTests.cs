using System.Text;
using Aspire.Hosting.Execution;

namespace RouteGuide.Tests.Hosting;

public sealed class LinePumpTests
{
    [Theory]
    [InlineData("one\ntwo\n", "one|two")]
    [InlineData("one\n\n\ntwo", "one|||two")]
    [InlineData("trailing  \n\tindented\n", "trailing  |\tindented")]
    [InlineData("windows\r\nprogress\r50%\r\n", "windows|progress\r50%")]
    [InlineData("no end", "no end")]
    [InlineData("", "")]
    [InlineData("π € 😀\nß\n", "π € 😀|ß")]
    public async Task Lines_come_out_as_they_went_in(string written, string expected)
    {
        Assert.Equal(expected, string.Join('|', await PumpAsync(Encoding.UTF8.GetBytes(written), chunk: 4096)));
        Assert.Equal(expected, string.Join('|', await PumpAsync(Encoding.UTF8.GetBytes(written), chunk: 1)));
    }

    [Fact]
    public async Task A_line_without_end_is_passed_on_in_pieces()
    {
        var lines = await PumpAsync(Encoding.ASCII.GetBytes(new string('x', (2 * LinePump.MaxLine) + 5) + "\nnext\n"), chunk: 7000);

        Assert.Equal([LinePump.MaxLine, LinePump.MaxLine, 5, 4], lines.Select(l => l.Length));
    }

    [Fact]
    public async Task The_longest_line_stays_whole()
    {
        var lines = await PumpAsync(Encoding.ASCII.GetBytes(new string('x', LinePump.MaxLine - 1) + "\ny\n"), chunk: 8192);

        Assert.Equal([LinePump.MaxLine - 1, 1], lines.Select(l => l.Length));
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_do_not_end_the_reading()
    {
        var lines = await PumpAsync([0xff, 0xfe, (byte)'a', (byte)'\n', (byte)'b', (byte)'\n'], chunk: 3);

        Assert.Equal(["\ufffd\ufffda", "b"], lines);
    }

    private static async Task<List<string>> PumpAsync(byte[] bytes, int chunk)
    {
        var lines = new List<string>();
        await LinePump.PumpAsync(
            new Chunks(bytes, chunk),
            line =>
            {
                lines.Add(line);
                return ValueTask.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        return lines;
    }

    private sealed class Chunks(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
