using RouteGuide.Balancer.Telemetry.Admin;

namespace RouteGuide.Balancer.Control;

/// <summary>
/// Who may change things on the admin listener: who shows the key. No page of another site may have a browser do it, not even one that
/// knows the key, and no name that somebody made lead here counts as this host (DNS rebinding).
/// </summary>
/// <param name="key">Null lets nobody change anything.</param>
internal sealed class AdminGate(string? key)
{
    private readonly BearerKey _key = new(key);

    /// <exception cref="ControlException">The request may not.</exception>
    public void Check(HttpContext context)
    {
        var request = context.Request;
        if (!AdminPages.IsThisHost(request.Host.Host)) throw new ControlException(StatusCodes.Status421MisdirectedRequest, "this is served for localhost, 127.0.0.1 and [::1] alone");
        if (IsFromElsewhere(request)) throw new ControlException(StatusCodes.Status403Forbidden, $"the request comes from a page of another site, '{RegistryText.Shown($"{request.Headers.Origin}")}'");
        if (!_key.IsSet) throw new ControlException(StatusCodes.Status403Forbidden, "nothing can be changed here: this balancer has no admin key; set Balancer:Admin:Key, or ADMIN_KEY in its environment");
        if (_key.Admits(request.Headers.Authorization)) return;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        throw new ControlException(StatusCodes.Status401Unauthorized, "changes need 'authorization: Bearer <key>' with the key of Balancer:Admin:Key or ADMIN_KEY");
    }

    private static bool IsFromElsewhere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin" && site != "none") return true;
        return request.Headers.Origin is { Count: > 0 } origin && origin != $"{request.Scheme}://{request.Host}";
    }
}
