using Grpc.Core;

namespace Grpc.Internal;

/// <summary>Status codes as metrics name them, for example <c>DEADLINE_EXCEEDED</c>.</summary>
internal static class GrpcStatusNames
{
    private static readonly Dictionary<StatusCode, string> Names = Enum.GetValues<StatusCode>().ToDictionary(code => code, Write);

    /// <summary>The name; those outside the known ones share one, since a peer could invent any number of them.</summary>
    public static string Of(StatusCode code) => Names.GetValueOrDefault(code, "OTHER");

    private static string Write(StatusCode code) => code == StatusCode.OK
        ? "OK"
        : string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
