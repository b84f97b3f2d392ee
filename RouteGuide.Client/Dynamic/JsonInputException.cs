namespace RouteGuide.Client.Dynamic;

/// <summary>JSON that is not the message it should be. The message says where and what is expected.</summary>
internal sealed class JsonInputException(string message) : Exception(message)
{
    /// <summary>The full name of a message type that an Any names and that nobody has described so far, if that is all that is wrong.</summary>
    public string? UnknownType { get; init; }
}
