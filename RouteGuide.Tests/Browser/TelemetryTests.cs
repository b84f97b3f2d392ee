using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RouteGuide.Tests.Browser;

/// <summary>Logs, traces and metrics of the running system.</summary>
[Collection(BrowserSystem.Name)]
public sealed partial class TelemetryTests(BrowserSystem system)
{
    [Fact]
    public Task One_call_is_one_picture_from_the_client_over_the_balancer_to_a_replica() => system.VisitAsync("/traces?resource=client&text=routeguide.RouteGuide%2FListFeatures", async window =>
    {
        var page = window.Page;
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { NameRegex = ListFeatures() }).First.ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("/traces/", StringComparison.Ordinal));
        var spans = page.GetByTestId("trace").Locator("[data-testid^=span-]");
        foreach (var resource in new[] { "client-", "balancer-", "server-" })
        {
            await Expect(spans.And(page.Locator($"[data-resource^={resource}]")).First).ToBeVisibleAsync();
        }

        // In the order in which the call went.
        var order = await spans.EvaluateAllAsync<string[]>("all => all.map(e => e.dataset.resource.split('-')[0])");
        Assert.True(Array.IndexOf(order, "client") < Array.IndexOf(order, "balancer") && Array.IndexOf(order, "balancer") < Array.IndexOf(order, "server"), string.Join(", ", order));

        await spans.Last.ClickAsync();
        await Expect(page.GetByTestId("details").GetByText("rpc.method").Or(page.GetByTestId("details").GetByText("url.path")).First).ToBeVisibleAsync();
        await window.PictureAsync("trace-dark", isDocumented: true);
    });

    [Fact]
    public Task A_trace_is_opened_from_an_exemplar_of_a_metric() => system.VisitAsync("/metrics/server?meter=Microsoft.AspNetCore.Hosting&instrument=http.server.request.duration", async window =>
    {
        var page = window.Page;
        var exemplar = page.GetByTestId("exemplar").First;
        await Expect(exemplar).ToBeVisibleAsync();
        // A chart that moves on while the pointer comes is no reason to miss the point.
        var link = await exemplar.GetAttributeAsync("href");
        Assert.NotNull(link);
        await exemplar.DispatchEventAsync("click");
        await page.WaitForURLAsync(url => url.Contains("/traces/", StringComparison.Ordinal));
        await Expect(page.Locator("[data-testid^=span-]").First).ToBeVisibleAsync();
    });

    [Fact]
    public Task Logs_are_filtered_by_what_is_typed() => system.VisitAsync("/structuredlogs", async window =>
    {
        var page = window.Page;
        await Expect(page.GetByText("Registered as server-").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Searchbox).First.FillAsync("Calls are taken on https");
        await Expect(page.GetByText("Registered as server-")).ToHaveCountAsync(0);
        await Expect(page.GetByText("Calls are taken on https").First).ToBeVisibleAsync();
        await page.WaitForURLAsync(url => url.Contains("text=", StringComparison.Ordinal));
    });

    [GeneratedRegex("ListFeatures")]
    private static partial Regex ListFeatures();
}
