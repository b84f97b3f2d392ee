using Grpc.Core;

namespace RouteGuide.Client.Calls;

/// <summary>What <c>call</c> is asked for, checked.</summary>
/// <param name="Method">The method as it was written.</param>
/// <param name="Data">JSON, <c>@file</c>, <c>-</c> for standard input, or null.</param>
/// <param name="Headers">Metadata to send.</param>
/// <param name="Timeout">How long the call may take, and each question about types before it; null for no limit.</param>
/// <param name="EmitDefaults">Whether fields are written that have their default.</param>
/// <param name="Compact">Whether each answer is written on one line.</param>
/// <param name="Verbose">Whether headers and trailers are told.</param>
internal sealed record CallSettings(string Method, string? Data, Metadata Headers, TimeSpan? Timeout, bool EmitDefaults, bool Compact, bool Verbose);
