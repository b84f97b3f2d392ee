using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Playwright;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Browser;

/// <summary>
/// The whole system, started once as a user starts it, and Debian's Chromium in front of its dashboard. Tests of this collection run one
/// after the other: they share the replicas, and a laptop's two cores.
/// </summary>
public sealed class BrowserSystem : IAsyncLifetime
{
    /// <summary>The collection's name.</summary>
    public const string Name = "browser";

    /// <summary>How long a page may take on a loaded machine, in milliseconds.</summary>
    public const int PatienceMs = 90_000;

    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("routeguide-browser");
    private RunningProcess? _host;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where the dashboard listens, without a slash at its end.</summary>
    public string Dashboard { get; private set; } = "";

    /// <summary>The line that leads in: address and token.</summary>
    public string LoginUrl { get; private set; } = "";

    /// <summary>The token of <see cref="LoginUrl"/>.</summary>
    public string Token => LoginUrl.Split("login?t=")[1];

    /// <summary>The balancer's front.</summary>
    public string Front { get; private set; } = "";

    /// <summary>The development CA of this system.</summary>
    public string Ca => Path.Combine(_home.FullName, "certs", "ca.pem");

    /// <summary>What the app host has written.</summary>
    public IReadOnlyList<string> Console => _host!.Output;

    /// <summary>Skips the test where there is no Chromium.</summary>
    public static string Chromium()
    {
        var program = Programs.FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, $"No Chromium here (Debian: apt-get install chromium): none of {string.Join(", ", Programs)}");
        return program!;
    }

    public async ValueTask InitializeAsync()
    {
        // The tests themselves say that they are skipped.
        if (!Programs.Any(File.Exists)) return;
        _host = RunningProcess.StartProject("RouteGuide.AppHost", ["--port", $"{Ports.Free()}"], new Dictionary<string, string?>
        {
            ["ROUTEGUIDE_HOME"] = _home.FullName,
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = "https://localhost:0",
        });
        var patience = TimeSpan.FromMinutes(4);
        var login = await _host.WaitForOutput(l => l.Contains("Login to the dashboard at ", StringComparison.Ordinal), "the dashboard's login line", patience);
        LoginUrl = login.Split("Login to the dashboard at ")[1].Trim();
        Dashboard = LoginUrl.Split("/login?t=")[0];
        var front = await _host.WaitForOutput(l => l.Contains("Calls are taken on https", StringComparison.Ordinal), "the balancer's address", patience);
        Front = front.Split("Calls are taken on ")[1].Trim();
        await _host.WaitForOutput(l => l.StartsWith("client-", StringComparison.Ordinal) && l.Contains("Finished", StringComparison.Ordinal), "the client's end", patience);
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium(),
            // Root has no sandbox of its own, and a container's shared memory is small.
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb", "--hide-scrollbars"],
            Timeout = PatienceMs,
        });
    }

    /// <summary>Uses a window that has logged in. What it showed when the test failed is kept as a picture.</summary>
    /// <param name="path">The page, with its query.</param>
    /// <param name="use">What is done there.</param>
    /// <param name="dark">The system's colour scheme.</param>
    /// <param name="width">Of the window, in CSS pixels.</param>
    /// <param name="height">Of the window, in CSS pixels.</param>
    public Task VisitAsync(string path, Func<BrowserWindow, Task> use, bool dark = true, int width = 1280, int height = 800) =>
        OpenAsync(
            async window =>
            {
                await window.Page.GotoAsync(LoginUrl);
                await window.Page.GotoAsync(Dashboard + path);
                await use(window);
                window.AssertClean();
            },
            dark,
            width,
            height);

    /// <summary>Uses a window that has not logged in: its own cookies, its own storage, no page yet.</summary>
    /// <inheritdoc cref="VisitAsync"/>
    public async Task OpenAsync(Func<BrowserWindow, Task> use, bool dark = true, int width = 1280, int height = 800)
    {
        Chromium();
        await using var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            IgnoreHTTPSErrors = true,
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        context.SetDefaultTimeout(PatienceMs);
        context.SetDefaultNavigationTimeout(PatienceMs);
        var window = new BrowserWindow(await context.NewPageAsync(), Dashboard);
        try
        {
            await use(window);
        }
        catch
        {
            await window.PictureAsync($"failed-{TestContext.Current.TestMethod?.MethodName}-{Guid.NewGuid():N}");
            throw;
        }
    }

    /// <summary>Four callers at the balancer's front, one call after the other each, until told to stop.</summary>
    /// <returns>How many calls there were, and what the failed ones ended with.</returns>
    public async Task<(int Calls, IReadOnlyCollection<string> Failures)> CallAsync(CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = TestCertificates.TrustPolicy(Ca) } };
        using var channel = GrpcChannel.ForAddress(Front, new GrpcChannelOptions { HttpHandler = handler });
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        var failures = new ConcurrentQueue<string>();
        var calls = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await client.GetFeatureAsync(new Point { Latitude = 409146138, Longitude = -746188906 }, cancellationToken: CancellationToken.None);
                }
                catch (RpcException failure)
                {
                    failures.Enqueue(failure.Status.ToString());
                }

                Interlocked.Increment(ref calls);
                await Task.Delay(5, CancellationToken.None);
            }
        }));
        return (calls, failures);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _playwright?.Dispose();
        if (_host is not null)
        {
            _host.Signal("TERM");
            await _host.WaitForExit(TimeSpan.FromMinutes(2));
            await _host.DisposeAsync();
        }

        _home.Delete(recursive: true);
    }

    [CollectionDefinition(Name, DisableParallelization = true)]
    public sealed class Collection : ICollectionFixture<BrowserSystem>;
}
