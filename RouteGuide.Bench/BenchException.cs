namespace RouteGuide.Bench;

/// <summary>What keeps a measurement from being made and its user can put right. Told in one line.</summary>
internal sealed class BenchException(string message, Exception? inner = null) : Exception(message, inner);
