using System.Collections.Concurrent;
using Microsoft.Playwright;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Browser;

/// <summary>A window, and what went wrong in it: errors of scripts, and requests that left the dashboard's own origin.</summary>
public sealed class BrowserWindow
{
    private readonly ConcurrentQueue<string> _wrongs = new();

    internal BrowserWindow(IPage page, string origin)
    {
        Page = page;
        page.PageError += (_, error) => _wrongs.Enqueue($"error in a script: {error}");
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal)) _wrongs.Enqueue(message.Text);
        };
        page.Request += (_, request) =>
        {
            if (!IsOwn(request.Url, origin)) _wrongs.Enqueue($"a request to another place: {request.Url}");
        };
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Fails if a script threw, a policy was broken, or anything was asked of another host.</summary>
    public void AssertClean() => Assert.Empty(_wrongs);

    /// <summary>Keeps a picture among the results of the run, and, where <c>ROUTEGUIDE_WRITE_DOCS</c> is 1, among those of the documentation.</summary>
    /// <param name="name">Of the file, without extension.</param>
    /// <param name="isDocumented">Whether the documentation shows it.</param>
    public async Task PictureAsync(string name, bool isDocumented = false)
    {
        var picture = await Page.ScreenshotAsync();
        await KeepAsync(Repository.File("TestResults", "screenshots"), name, picture);
        if (isDocumented && Environment.GetEnvironmentVariable("ROUTEGUIDE_WRITE_DOCS") == "1") await KeepAsync(Repository.File("docs", "img", "dashboard"), name, picture);
    }

    private static bool IsOwn(string url, string origin) =>
        url.StartsWith(origin + "/", StringComparison.Ordinal) || url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith("blob:", StringComparison.Ordinal);

    private static async Task KeepAsync(string folder, string name, byte[] picture)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), picture);
    }
}
