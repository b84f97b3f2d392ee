namespace Grpc.AspNetCore.Web.Internal;

/// <summary>The media types of gRPC-Web (gRPC's PROTOCOL-WEB document).</summary>
internal static class GrpcWebContentType
{
    public const string Binary = "application/grpc-web";
    public const string Text = "application/grpc-web-text";

    /// <summary>Whether a media type is gRPC-Web's, alone or followed by <c>+codec</c> or <c>; parameters</c>.</summary>
    /// <param name="value">The media type.</param>
    /// <param name="isText">Whether its bodies are base64.</param>
    /// <param name="suffix">What follows.</param>
    public static bool TryParse(string? value, out bool isText, out string suffix)
    {
        isText = Matches(value, Text);
        suffix = "";
        if (!isText && !Matches(value, Binary)) return false;
        suffix = value![(isText ? Text : Binary).Length..];
        return true;
    }

    private static bool Matches(string? value, string type) =>
        value is not null
        && value.StartsWith(type, StringComparison.OrdinalIgnoreCase)
        && (value.Length == type.Length || value[type.Length] is ';' or '+');
}
