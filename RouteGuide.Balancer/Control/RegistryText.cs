using Grpc.Core;

namespace RouteGuide.Balancer.Control;

/// <summary>How the registry speaks of what it was sent.</summary>
internal static class RegistryText
{
    /// <summary>It ends up in logs and on terminals, which act on control characters.</summary>
    public static string Shown(string text)
    {
        var shown = text.Length <= RegistryOptions.MaxNameLength ? text : text[..RegistryOptions.MaxNameLength] + "…";
        return string.Create(shown.Length, shown, static (plain, from) =>
        {
            for (var i = 0; i < plain.Length; i++) plain[i] = char.IsControl(from[i]) ? '\uFFFD' : from[i];
        });
    }

    public static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
