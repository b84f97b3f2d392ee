namespace RouteGuide.Client.Scenario;

/// <summary>A call ended well, but its answer cannot be right.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message);
