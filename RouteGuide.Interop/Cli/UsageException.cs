namespace RouteGuide.Interop.Cli;

/// <summary>The command line, or a file that it names, cannot be used; the message names it and says what is wrong.</summary>
internal sealed class UsageException(string message, Exception? innerException = null) : Exception(message, innerException);
