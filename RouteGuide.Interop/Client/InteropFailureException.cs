namespace RouteGuide.Interop.Client;

/// <summary>The other side did not do what the test case asks for.</summary>
internal sealed class InteropFailureException(string message) : Exception(message);
