using System.Text;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Resources;

internal sealed record CommandRequest(IReadOnlyDictionary<string, JsonElement>? Arguments = null);

/// <summary>What the pages ask about resources, and have done with them.</summary>
internal static class ResourceEndpoints
{
    public static void MapResources(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/resources", (ResourceBook book) => book.Current.Resources.Values);
        app.MapPost("/api/resources/{name}/commands/{command}", (string name, string command, CommandRequest? request, ResourceBook book, ResourceService service, CancellationToken cancellationToken) =>
        {
            // A path's slashes are left encoded by the server; those of commands that are requests have one in their name.
            command = command.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
            var resource = book.Find(name) ?? throw ProblemException.Missing($"There is no resource '{name}'.");
            if (!resource.Commands.Any(known => known.Name == command)) throw ProblemException.Missing($"The resource '{name}' has no command '{command}'.");
            var arguments = (request?.Arguments ?? new Dictionary<string, JsonElement>()).ToDictionary(argument => argument.Key, argument => ValueOf(argument.Key, argument.Value));
            return service.Execute(resource, command, arguments, cancellationToken);
        });
        app.MapGet("/api/console/{resource}/download", async (HttpContext context, string resource, ConsoleTopic console) =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{string.Concat((resource == ConsoleTopic.All ? "all" : resource).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'))}.log\"";
            try
            {
                await foreach (var line in console.Kept(resource, context.RequestAborted))
                {
                    var prefix = resource == ConsoleTopic.All ? $"[{line.Resource}] " : "";
                    await context.Response.WriteAsync($"{line.Time}{(line.Time is null ? "" : " ")}{prefix}{line.Text}\n", Encoding.UTF8, context.RequestAborted);
                }
            }
            catch (RpcException fault) when (!context.Response.HasStarted)
            {
                context.Response.Headers.Remove("Content-Disposition");
                throw ProblemException.Away($"{fault.StatusCode}: {fault.Status.Detail}");
            }
        });
    }

    private static Value ValueOf(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Value.ForString(value.GetString()),
        JsonValueKind.Number => Value.ForNumber(value.GetDouble()),
        JsonValueKind.True => Value.ForBool(true),
        JsonValueKind.False => Value.ForBool(false),
        JsonValueKind.Null => Value.ForNull(),
        _ => throw ProblemException.Bad($"arguments.{name}: '{value.GetRawText()}' is neither text, number nor truth."),
    };
}
