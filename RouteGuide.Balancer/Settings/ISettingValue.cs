using System.Diagnostics.CodeAnalysis;

namespace RouteGuide.Balancer.Settings;

/// <summary>A type that a setting's text is read into.</summary>
/// <typeparam name="TSelf">The type itself. Its <c>ToString</c> gives the text back.</typeparam>
internal interface ISettingValue<TSelf>
    where TSelf : class, ISettingValue<TSelf>
{
    /// <summary>What a text has to be, for errors and the documentation: <c>a number from 0 to 99, a list 0,12 or a range 0-99</c>.</summary>
    static abstract string Expected { get; }

    /// <summary>Reads a text. False if it is none; then <paramref name="expected"/> may say more precisely than <see cref="Expected"/> what would be right.</summary>
    static abstract bool TryParse(string text, [NotNullWhen(true)] out TSelf? value, out string? expected);
}
