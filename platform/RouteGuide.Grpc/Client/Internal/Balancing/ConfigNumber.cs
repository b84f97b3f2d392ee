using System.Globalization;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>Reads the settings of a balancing policy.</summary>
internal static class ConfigNumber
{
    /// <exception cref="InvalidOperationException">The value is no number, or too small.</exception>
    public static double Read(IDictionary<string, object> configuration, string name, double fallback, double least)
    {
        if (!configuration.TryGetValue(name, out var value)) return fallback;
        if (value is not (int or long or double or float or uint or decimal)) throw Invalid(name, value, $"a number of at least {least}");
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return number >= least ? number : throw Invalid(name, value, $"a number of at least {least}");
    }

    /// <exception cref="InvalidOperationException">The value is no duration.</exception>
    public static TimeSpan ReadDuration(IDictionary<string, object> configuration, string name, TimeSpan fallback)
    {
        if (!configuration.TryGetValue(name, out var value)) return fallback;
        if (value is not string text) throw Invalid(name, value, "a duration such as \"1.5s\"");
        try
        {
            return ConfigValues.ParseDuration(name, text);
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
    }

    private static InvalidOperationException Invalid(string name, object value, string wanted) => new($"The balancing policy's '{name}' is '{value}', not {wanted}.");
}
