namespace RouteGuide.Client.Chat;

/// <summary>What <c>chat</c> is asked for, checked.</summary>
/// <param name="Name">Stands before each note that is sent.</param>
/// <param name="Place">Where to begin: part of a feature's name, or a latitude and a longitude.</param>
internal sealed record ChatSettings(string Name, string Place);
