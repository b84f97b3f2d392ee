using System.Net;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RouteGuide.Tests.Browser;

/// <summary>Nobody sees anything without the token.</summary>
[Collection(BrowserSystem.Name)]
public sealed class LoginTests(BrowserSystem system)
{
    [Fact]
    public Task A_page_leads_to_the_login_and_the_token_leads_back_to_it() => system.OpenAsync(async window =>
    {
        var page = window.Page;
        await page.GotoAsync(system.Dashboard + "/traces?resource=server");
        await page.WaitForURLAsync(url => url.Contains("/login", StringComparison.Ordinal));
        var token = page.GetByRole(AriaRole.Textbox, new PageGetByRoleOptions { Name = "Token" });

        await token.FillAsync("not-the-token");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Log in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).Not.ToBeEmptyAsync();

        await token.FillAsync(system.Token);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Log in" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("/traces?resource=server", StringComparison.Ordinal));
        await window.PictureAsync("login-done");
    });

    [Fact]
    public Task The_link_of_the_console_logs_in_by_itself() => system.OpenAsync(async window =>
    {
        await window.Page.GotoAsync(system.LoginUrl);
        await Expect(window.Page.GetByTestId("group-server")).ToBeVisibleAsync();
        Assert.DoesNotContain("t=", window.Page.Url, StringComparison.Ordinal);
        window.AssertClean();
    });

    [Theory]
    [InlineData("/api/resources")]
    [InlineData("/api/logs")]
    [InlineData("/api/traces")]
    [InlineData("/api/stream?topics=resources")]
    [InlineData("/api/balancer")]
    [InlineData("/api/route/features")]
    public Task Nothing_is_told_without_a_login(string path) => system.OpenAsync(async window =>
    {
        var response = await window.Page.Context.APIRequest.GetAsync(system.Dashboard + path);
        Assert.Equal((int)HttpStatusCode.Unauthorized, response.Status);
    });
}
