using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RouteGuide.Tests.Browser;

/// <summary>What the balancer does, seen and steered.</summary>
[Collection(BrowserSystem.Name)]
public sealed class BalancerTests(BrowserSystem system)
{
    [Fact]
    public Task A_target_is_drained_and_taken_in_again() => system.VisitAsync("/balancer", async window =>
    {
        var page = window.Page;
        var targets = page.Locator("[data-testid^=target-server][data-state=healthy]");
        await Expect(targets.First).ToBeVisibleAsync();
        var name = (await targets.First.GetAttributeAsync("data-testid"))!["target-".Length..];
        var target = page.GetByTestId($"target-{name}");

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = $"Drain {name}", Exact = true }).ClickAsync();
        await Expect(target.And(page.Locator("[data-state=healthy]"))).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = $"Register {name}", Exact = true }).ClickAsync();
        await Expect(target.And(page.Locator("[data-state=healthy]"))).ToBeVisibleAsync();
        await Expect(page.GetByTestId("marks").Locator("li").First).ToBeAttachedAsync();
    });

    [Fact]
    public Task A_burst_over_one_connection_spreads_in_request_mode_and_not_in_TCP_mode() => system.VisitAsync("/balancer", async window =>
    {
        var page = window.Page;
        await page.GetByLabel("Calls", new PageGetByLabelOptions { Exact = true }).FillAsync("60");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Send a burst" }).ClickAsync();
        foreach (var mode in new[] { "request", "tcp" })
        {
            await Expect(page.GetByTestId($"burst-{mode}")).ToHaveAttributeAsync("data-done", "true");
            await Expect(page.GetByTestId($"burst-{mode}").GetByRole(AriaRole.Status)).ToContainTextAsync("60 calls, 0 failed");
        }

        Assert.Equal(60, (await CallsAsync("request")).Sum());
        Assert.True((await CallsAsync("request")).Count(c => c > 0) > 1, "one replica got all in request mode");
        Assert.Equal([60], (await CallsAsync("tcp")).Where(c => c > 0));
        await page.GetByTestId("burst").ScrollIntoViewIfNeededAsync();
        await window.PictureAsync("burst-dark", isDocumented: true);

        async Task<int[]> CallsAsync(string mode) => await page.GetByTestId($"burst-{mode}").Locator("[data-calls]").EvaluateAllAsync<int[]>("all => all.map(e => Number(e.dataset.calls))");
    });

    [Fact]
    public Task A_change_of_the_algorithm_is_done_and_marked() => system.VisitAsync("/balancer", async window =>
    {
        var page = window.Page;
        var algorithm = page.GetByTestId("algorithm");
        await Expect(algorithm).ToBeEnabledAsync(new LocatorAssertionsToBeEnabledOptions { Timeout = BrowserSystem.PatienceMs });
        var before = await algorithm.InputValueAsync();
        var other = before == "least_outstanding_requests" ? "round_robin" : "least_outstanding_requests";

        await algorithm.SelectOptionAsync(other);
        await Expect(page.GetByTestId("marks").Locator("li[data-kind=algorithm]").First).ToBeAttachedAsync();
        await Expect(algorithm).ToHaveValueAsync(other);

        await Expect(algorithm).ToBeEnabledAsync(new LocatorAssertionsToBeEnabledOptions { Timeout = BrowserSystem.PatienceMs });
        await algorithm.SelectOptionAsync(before);
        await Expect(page.GetByTestId("marks").Locator("li[data-kind=algorithm]").Nth(1)).ToBeAttachedAsync();
    });
}
