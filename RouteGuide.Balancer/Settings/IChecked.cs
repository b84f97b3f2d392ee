namespace RouteGuide.Balancer.Settings;

/// <summary>A record of settings which also have to fit one another.</summary>
internal interface IChecked
{
    /// <summary>Everything that does not fit, after each setting by itself was found good.</summary>
    IEnumerable<SettingProblem> Check();
}

/// <summary>A setting that cannot be used.</summary>
/// <param name="Setting">Its name below the record's section.</param>
/// <param name="Value">As it is; null if it is missing.</param>
/// <param name="Expected">What would be right: a phrase that follows "expected ".</param>
internal sealed record SettingProblem(string Setting, string? Value, string Expected);
