using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RouteGuide.Tests.Browser;

/// <summary>What people do with the replicas from the page of resources.</summary>
[Collection(BrowserSystem.Name)]
public sealed class ResourcesTests(BrowserSystem system)
{
    [Fact]
    public Task Environment_values_are_masked_until_somebody_asks() => system.VisitAsync("/", async window =>
    {
        var page = window.Page;
        await page.Locator("[data-resource=balancer] button.link-button").First.ClickAsync();
        var details = page.GetByTestId("details");
        var show = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show ADMIN_KEY", Exact = true });
        var row = details.Locator("dl.properties > div").Filter(new LocatorFilterOptions { Has = show });
        await Expect(row.Locator(".masked")).ToBeVisibleAsync();

        await show.ClickAsync();

        var hide = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Hide ADMIN_KEY", Exact = true });
        var open = details.Locator("dl.properties > div").Filter(new LocatorFilterOptions { Has = hide });
        await Expect(open.Locator("dd")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9a-f]{64}$"));
    });

    [Fact]
    public Task Replicas_are_added_and_taken_away_while_calls_run_and_no_call_fails() => system.VisitAsync("/", async window =>
    {
        using var stop = new CancellationTokenSource();
        var load = system.CallAsync(stop.Token);
        try
        {
            await ScaleAsync(window.Page, 5);
            await ScaleAsync(window.Page, 3);
        }
        finally
        {
            await stop.CancelAsync();
        }

        var (calls, failures) = await load;
        Assert.True(failures.Count == 0, $"{failures.Count} of {calls} calls failed: {string.Join("; ", failures.Take(5))}");
        Assert.True(calls > 0);
    });

    [Fact]
    public Task Keys_lead_to_the_pages() => system.VisitAsync("/", async window =>
    {
        var page = window.Page;
        await Expect(page.GetByTestId("group-server")).ToBeVisibleAsync();
        foreach (var (key, path) in new[] { ("c", "/console"), ("s", "/structuredlogs"), ("t", "/traces"), ("m", "/metrics"), ("r", "/") })
        {
            await page.Keyboard.PressAsync(key);
            await page.WaitForURLAsync(url => new Uri(url).AbsolutePath.TrimEnd('/') == path.TrimEnd('/') || (path != "/" && new Uri(url).AbsolutePath.StartsWith(path, StringComparison.Ordinal)));
        }

        await page.Keyboard.PressAsync("?");
        await Expect(page.GetByTestId("shortcuts")).ToBeVisibleAsync();
    });

    private static async Task ScaleAsync(IPage page, int replicas)
    {
        await page.GetByTestId("scale-server").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.Locator("input[name=replicas]").FillAsync($"{replicas}");
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Scale", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("group-state-server")).ToHaveTextAsync($"{replicas} of {replicas} healthy");
    }
}
