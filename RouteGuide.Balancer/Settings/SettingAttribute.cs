namespace RouteGuide.Balancer.Settings;

/// <summary>
/// A property that is a setting. Everything about it is said here once: the configuration is read and checked by it, the JSON schema and
/// the tables of the documentation are made from it. The default is what a new instance of the record holds. Types: <c>bool</c>,
/// <c>int</c>, <c>long</c>, <c>double</c>, <c>string</c>, enums (see <see cref="SettingNameAttribute"/>), <see cref="TimeSpan"/> (the setting is
/// in seconds, with decimals), <see cref="ISettingValue{TSelf}"/>, records of settings, and <c>IReadOnlyList</c> or
/// <c>IReadOnlyDictionary</c> (by name) of those; each may be nullable, which is "not set".
/// </summary>
/// <param name="name">
/// The setting's name below its section. <c>PascalCase</c>, or the dotted key of a load balancer's or target group's attribute
/// (<c>slow_start.duration_seconds</c>); of an attribute that is a record, the part that its own settings have in front (<c>retry</c>).
/// </param>
/// <param name="meaning">What it is, for the documentation: a phrase without a full stop.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string name, string meaning) : Attribute
{
    public string Name { get; } = name;

    public string Meaning { get; } = meaning;

    /// <summary>The least value allowed, in the setting's unit: seconds for a time. Of a list or dictionary, how many it must hold; of a text, its characters.</summary>
    public double Least { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value allowed, as for <see cref="Least"/>.</summary>
    public double Most { get; init; } = double.PositiveInfinity;

    /// <summary>0 is allowed besides the range, and means "off".</summary>
    public bool ZeroIsOff { get; init; }

    /// <summary>It has to be set.</summary>
    public bool Required { get; init; }

    /// <summary>A change counts from the next start on, not when the configuration is read again.</summary>
    public bool NeedsRestart { get; init; }
}

/// <summary>What a value of an enum is called in the configuration.</summary>
/// <param name="name">In the vocabulary of the load balancers, such as <c>least_outstanding_requests</c>.</param>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class SettingNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
