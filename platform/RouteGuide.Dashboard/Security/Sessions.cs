using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Security;

/// <summary>Who is logged in, and what their requests have to prove.</summary>
/// <param name="options">Whether a login is needed.</param>
/// <param name="time">The clock.</param>
internal sealed class Sessions(DashboardOptions options, TimeProvider time)
{
    public const string CsrfHeader = "X-CSRF-Token";
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    private const string IdClaim = "session";
    private const int MaxEnded = 10_000;

    // A new one for each process: a page of an older one fetches its token again.
    private readonly byte[] _csrfKey = RandomNumberGenerator.GetBytes(32);

    // Sessions that were logged out before their cookie expired, and when that was.
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new();

    /// <summary>The session of a request; null if it has none.</summary>
    public string? Of(HttpContext context)
    {
        if (options.FrontendAuth == FrontendAuthMode.Unsecured) return "everyone";
        var id = context.User.FindFirstValue(IdClaim);
        return id is null || _ended.ContainsKey(id) ? null : id;
    }

    /// <summary>What a request that changes something has to carry. Another site's page can neither read nor guess it.</summary>
    public string CsrfToken(string session) => Convert.ToHexStringLower(HMACSHA256.HashData(_csrfKey, Encoding.UTF8.GetBytes(session)));

    public Task LogIn(HttpContext context)
    {
        var identity = new ClaimsIdentity([new Claim(IdClaim, RandomNumberGenerator.GetHexString(32, lowercase: true))], CookieAuthenticationDefaults.AuthenticationScheme);
        var now = time.GetUtcNow();
        var properties = new AuthenticationProperties { IsPersistent = true, IssuedUtc = now, ExpiresUtc = now + Lifetime };
        return context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new ClaimsPrincipal(identity), properties);
    }

    public Task LogOut(HttpContext context)
    {
        var now = time.GetUtcNow();
        foreach (var (id, at) in _ended)
        {
            if (now - at > Lifetime || _ended.Count > MaxEnded) _ended.TryRemove(id, out _);
        }

        if (Of(context) is { } session && options.FrontendAuth != FrontendAuthMode.Unsecured) _ended[session] = now;
        return context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
    }
}
