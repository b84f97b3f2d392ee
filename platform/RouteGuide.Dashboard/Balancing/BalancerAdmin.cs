using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Balancing;

/// <summary>Speaks with the balancer's admin port: reads its status, and asks for changes.</summary>
/// <param name="locator">Knows where it is.</param>
internal sealed class BalancerAdmin(BalancerLocator locator) : IDisposable
{
    private const int MaxStatus = 8 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(3) })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = MaxStatus,
    };

    /// <summary>The status as the balancer tells it.</summary>
    /// <exception cref="ProblemException">It is not known where the balancer is, or it does not answer.</exception>
    public async Task<JsonObject> Status(CancellationToken cancellationToken)
    {
        var admin = locator.Find().Admin ?? throw ProblemException.Away("There is no balancer: no resource has an endpoint named admin.");
        try
        {
            var body = await _http.GetByteArrayAsync(new Uri(admin, "/status.json"), cancellationToken);
            return JsonNode.Parse(body) as JsonObject ?? throw new JsonException("It is no object.");
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw fault is TaskCanceledException ? ProblemException.Away($"The balancer's status at {admin} did not come within {Patience.TotalSeconds:0} s.") : ProblemException.Away($"The balancer's status at {admin} cannot be read: {fault.Message}");
        }
    }

    /// <summary>Has the balancer change something.</summary>
    /// <param name="method">POST or PUT.</param>
    /// <param name="path">Below <c>/control/groups</c>, each part as it is.</param>
    /// <param name="body">What goes along; null for nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProblemException">The balancer refuses, cannot be asked, or does not answer.</exception>
    public async Task Change(HttpMethod method, string[] path, object? body, CancellationToken cancellationToken)
    {
        var place = locator.Find();
        var admin = place.Admin ?? throw ProblemException.Away("There is no balancer: no resource has an endpoint named admin.");
        if (place.AdminKey is not { } key) throw new ProblemException(StatusCodes.Status409Conflict, "Not possible", "The balancer's admin key is not known: ADMIN_KEY is not in its environment.");
        using var request = new HttpRequestMessage(method, new Uri(admin, $"/control/groups/{string.Join('/', path.Select(Uri.EscapeDataString))}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null) request.Content = JsonContent.Create(body, options: Json.Options);
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return;
            throw await Refusal(response, cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw ProblemException.Away($"The balancer at {admin} does not answer: {fault.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    // What is wrong with the request is passed on as it is; what is wrong between us and the balancer is not the page's fault.
    private static async Task<ProblemException> Refusal(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var detail = $"The balancer answered {(int)response.StatusCode}.";
        try
        {
            if (JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)) is JsonObject problem && problem["detail"] is JsonValue text && text.TryGetValue(out string? said)) detail = said;
        }
        catch (JsonException)
        {
            // The status says enough.
        }

        return response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.Conflict ? new ProblemException((int)response.StatusCode, "Refused by the balancer", detail) : ProblemException.Upstream(detail);
    }
}
