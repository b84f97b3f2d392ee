using System.Text;
using Grpc.Core;

namespace RouteGuide.Client.Calls;

/// <summary>Status codes as the gRPC specification writes them.</summary>
internal static class StatusNames
{
    private static readonly Dictionary<StatusCode, string> Names = Enum.GetValues<StatusCode>().ToDictionary(code => code, Write);

    /// <summary><c>DEADLINE_EXCEEDED</c>; a number where nobody has named the code.</summary>
    public static string Of(StatusCode code) => Names.GetValueOrDefault(code) ?? $"{(int)code}";

    private static string Write(StatusCode code)
    {
        if (code == StatusCode.OK) return "OK";
        var name = new StringBuilder();
        foreach (var c in $"{code}")
        {
            if (char.IsAsciiLetterUpper(c) && name.Length > 0) name.Append('_');
            name.Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }
}
