namespace RouteGuide.Client.Reflection;

/// <summary>The server does not describe what was asked for, or describes it in a way that cannot be used; the message says which.</summary>
internal sealed class ReflectionException(string message, Exception? innerException = null) : Exception(message, innerException);
