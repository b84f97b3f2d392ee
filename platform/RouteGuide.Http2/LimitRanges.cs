using System.Reflection;

namespace RouteGuide.Http2;

/// <summary>Checks the ranges that <see cref="LimitAttribute"/> gives.</summary>
internal static class LimitRanges
{
    /// <summary>Throws if a limit is outside its range. Uses reflection: once per set of limits, not per connection.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the limit and its value.</exception>
    public static void Validate(object limits)
    {
        foreach (var property in limits.GetType().GetProperties())
        {
            if (property.GetCustomAttribute<LimitAttribute>() is not { } range) continue;
            if (property.GetValue(limits) is Rate rate)
            {
                InRange(rate.Burst, Math.Max(1, range.Least), range.Most, $"{property.Name}.{nameof(Rate.Burst)}");
                InRange(rate.PerSecond, range.Least, range.Most, $"{property.Name}.{nameof(Rate.PerSecond)}");
            }
            else
            {
                InRange(Convert.ToInt64(property.GetValue(limits)), range.Least, range.Most, property.Name);
            }
        }
    }

    /// <summary>Throws if a value is outside its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the limit and its value.</exception>
    public static void InRange(long value, long least, long most, string name)
    {
        if (value < least || value > most) throw new ArgumentOutOfRangeException(name, value, $"Allowed: {least} to {most}.");
    }
}
