namespace RouteGuide.ServiceDefaults;

/// <summary>A setting that cannot be used. The message names it, its value and what would be right, on one line.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>Makes the message from the setting's name, its value and what is expected in its place.</summary>
    public ConfigurationException(string setting, string? value, string expected)
        : base($"{setting}: '{value}' is not {expected}.")
    {
    }

    /// <summary>Takes a message as it is; it should name the setting and the value.</summary>
    public ConfigurationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
