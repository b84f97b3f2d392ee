using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RouteGuide.Tests.Browser;

/// <summary>Every page with live data, in both themes and at the width of a telephone: filled, readable, and pictured.</summary>
[Collection(BrowserSystem.Name)]
public sealed class LookTests(BrowserSystem system)
{
    // Each page, and what has to be there before it counts as shown.
    public static TheoryData<string, string, string> Pages => new()
    {
        { "resources", "/", "[data-testid=group-server]" },
        { "graph", "/graph", "svg text" },
        { "parameters", "/parameters", "text=registry-key" },
        { "console", "/console?resource=server", "[data-testid=console] >> text=Registered as" },
        { "logs", "/structuredlogs", "[role=row] >> text=Registered as" },
        { "traces", "/traces?text=routeguide.RouteGuide", "[role=row] >> text=routeguide.RouteGuide" },
        { "metrics", "/metrics/server?meter=Microsoft.AspNetCore.Hosting&instrument=http.server.request.duration", "[data-testid=instrument] canvas" },
        { "balancer", "/balancer", "[data-testid^=target-server]" },
        { "routemap", "/routemap", "[data-testid=plot] g.place" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_page_is_filled_and_readable_in_both_themes_and_on_a_telephone(string name, string path, string filled)
    {
        // A balancer at rest, and a chart of nothing, tell little.
        using var stop = new CancellationTokenSource();
        var load = name is "balancer" or "metrics" ? system.CallAsync(stop.Token) : Task.FromResult<(int, IReadOnlyCollection<string>)>((0, []));
        foreach (var dark in new[] { true, false })
        {
            await system.VisitAsync(
                path,
                async window =>
                {
                    await Filled(window, filled);
                    if (name == "balancer") await Expect(window.Page.Locator(".tile dd").First).Not.ToHaveTextAsync("0");
                    await AssertReadable(window, $"{name}, {(dark ? "dark" : "light")}");
                    await window.PictureAsync($"{name}-{(dark ? "dark" : "light")}", isDocumented: name != "parameters");
                },
                dark);
        }

        await stop.CancelAsync();
        Assert.Empty((await load).Item2);
        await system.VisitAsync(
            path,
            async window =>
            {
                await window.Page.Locator("body").WaitForAsync();
                await window.Page.Locator("h1, .toolbar, [data-testid]").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
                var wide = await window.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
                Assert.True(wide <= 390, $"{name} is {wide} px wide where 390 px are shown");
                await window.PictureAsync($"{name}-390", isDocumented: name is "resources" or "balancer");
            },
            width: 390,
            height: 844);
    }

    [Fact]
    public async Task The_login_is_readable_in_both_themes()
    {
        foreach (var dark in new[] { true, false })
        {
            await system.OpenAsync(
                async window =>
                {
                    await window.Page.GotoAsync(system.Dashboard + "/login");
                    await Filled(window, "input");
                    await AssertReadable(window, "login");
                    await window.PictureAsync($"login-{(dark ? "dark" : "light")}", isDocumented: true);
                    window.AssertClean();
                },
                dark);
        }
    }

    private static Task Filled(BrowserWindow window, string selector) =>
        window.Page.Locator(selector).First.WaitForAsync(new LocatorWaitForOptions { Timeout = BrowserSystem.PatienceMs, State = WaitForSelectorState.Visible });

    /// <summary>WCAG 2.2, 1.4.3: text has a contrast of 4.5 : 1 to what is behind it, large text 3 : 1; what is disabled is exempt.</summary>
    private static async Task AssertReadable(BrowserWindow window, string where)
    {
        var faint = await window.Page.EvaluateAsync<string[]>(
            """
            () => {
              // Whatever notation a colour is computed in (rgb, srgb, oklab): a pixel of it is plain.
              const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
              const parse = c => { pixel.clearRect(0, 0, 1, 1); pixel.fillStyle = c; pixel.fillRect(0, 0, 1, 1); const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
              const over = (top, below) => { const a = top[3]; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)); };
              const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
              const behind = e => { const layers = []; for (; e; e = e.parentElement) { const s = getComputedStyle(e); if (s.backgroundImage !== 'none') return null; const c = parse(s.backgroundColor); if (c[3] > 0) layers.unshift(c); } return layers.reduce((below, c) => over(c, below), [255, 255, 255]); };
              const found = [];
              for (const e of document.querySelectorAll('body *')) {
                const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join('');
                const box = e.getBoundingClientRect();
                const style = getComputedStyle(e);
                if (!text || box.width < 2 || box.height < 2 || style.visibility === 'hidden' || e.closest(':disabled, [aria-disabled=true], svg, canvas, .visually-hidden')) continue;
                const back = behind(e);
                if (!back) continue;
                let opacity = 1;
                for (let p = e; p; p = p.parentElement) opacity *= Number(getComputedStyle(p).opacity);
                const colour = parse(style.color);
                const front = over([colour[0], colour[1], colour[2], colour[3] * opacity], back);
                const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
                const ratio = (a + 0.05) / (b + 0.05);
                const size = parseFloat(style.fontSize);
                const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
                if (ratio < needed - 0.01) found.push(`${text.slice(0, 40)} (${e.className || e.tagName}): ${ratio.toFixed(2)}`);
              }
              return [...new Set(found)].slice(0, 10);
            }
            """);
        Assert.True(faint.Length == 0, $"{where}: too faint: {string.Join("; ", faint)}");
    }
}
