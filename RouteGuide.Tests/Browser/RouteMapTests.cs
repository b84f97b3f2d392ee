using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RouteGuide.Tests.Browser;

/// <summary>The four kinds of call, made from the map; each tells which replica answered.</summary>
[Collection(BrowserSystem.Name)]
public sealed class RouteMapTests(BrowserSystem system)
{
    private const string Place = "Berkshire Valley Management Area Trail, Jefferson, NJ, USA";

    [Fact]
    public Task A_place_is_found_places_are_listed_and_a_journey_is_summed_up() => system.VisitAsync("/routemap", async window =>
    {
        var page = window.Page;
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = Place }).First.ClickAsync();
        await Expect(page.GetByTestId("feature")).ToContainTextAsync(Place);
        await AnsweredAsync(page.GetByTestId("feature"));

        await page.GotoAsync(system.Dashboard + "/routemap?tool=list");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "List all places" }).ClickAsync();
        await Expect(page.GetByTestId("list-result")).ToHaveAttributeAsync("data-running", "false");
        await Expect(page.GetByTestId("list-result")).ToHaveAttributeAsync("data-count", "100");
        await AnsweredAsync(page.GetByTestId("list-result"));

        await page.GotoAsync(system.Dashboard + "/routemap?tool=record");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Record a tour of eight places" }).ClickAsync();
        await Expect(page.GetByTestId("route-summary")).ToHaveAttributeAsync("data-done", "true");
        await AnsweredAsync(page.GetByTestId("route-summary"));
    });

    [Fact]
    public Task A_rectangle_that_is_dragged_lists_what_lies_inside() => system.VisitAsync("/routemap?tool=list", async window =>
    {
        var page = window.Page;
        await Expect(page.GetByTestId("plot").Locator("g.place").First).ToBeVisibleAsync();
        var plot = (await page.GetByTestId("plot").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.2f), plot.Y + (plot.Height * 0.2f));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.5f), plot.Y + (plot.Height * 0.5f), new MouseMoveOptions { Steps = 5 });
        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.8f), plot.Y + (plot.Height * 0.8f), new MouseMoveOptions { Steps = 5 });
        await page.Mouse.UpAsync();
        await Expect(page.GetByTestId("list-result")).ToHaveAttributeAsync("data-running", "false");
        Assert.NotEqual("0", await page.GetByTestId("list-result").GetAttributeAsync("data-count"));
    });

    [Fact]
    public Task Two_windows_talk_at_a_place() => system.VisitAsync("/routemap?tool=chat", first => system.VisitAsync("/routemap?tool=chat", async second =>
    {
        await JoinAsync(first.Page, "Ada");
        await JoinAsync(second.Page, "Grace");
        await Expect(first.Page.GetByTestId("chat-state")).ToContainTextAsync("Grace");

        await SayAsync(first.Page, "Anybody here?");
        await Expect(second.Page.GetByTestId("chat-log").Locator("[data-type=note]")).ToContainTextAsync("Anybody here?");

        // The service answers a note with those that were left at the place before.
        await SayAsync(second.Page, "I am.");
        await Expect(second.Page.GetByTestId("chat-log").Locator("[data-type=answer]").First).ToContainTextAsync("Anybody here?");
        await AnsweredAsync(second.Page.GetByTestId("chat-state"));
        await second.PictureAsync("chat-dark", isDocumented: true);
    }));

    private static Task AnsweredAsync(ILocator result) =>
        Expect(result.GetByTestId("answered-by").First).ToContainTextAsync("server-");

    private static async Task JoinAsync(IPage page, string name)
    {
        await page.GetByLabel("Your name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Join room main" }).ClickAsync();
        await Expect(page.GetByTestId("chat-state")).ToContainTextAsync("Connected");
    }

    private static async Task SayAsync(IPage page, string message)
    {
        await page.GetByLabel("Place", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = Place });
        await page.GetByLabel("Message").FillAsync(message);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Send", Exact = true }).ClickAsync();
        await Expect(page.GetByLabel("Message")).ToHaveValueAsync("");
    }
}
