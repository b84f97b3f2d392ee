namespace RouteGuide.Client.Cli;

/// <summary>Something that the command line names cannot be used; the message names it and says what is wrong.</summary>
internal sealed class UsageException(string message, Exception? innerException = null) : Exception(message, innerException);
