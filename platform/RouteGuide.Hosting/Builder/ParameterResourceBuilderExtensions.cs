using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Adds parameters.</summary>
public static class ParameterResourceBuilderExtensions
{
    /// <summary>Adds a parameter whose value is configured under <c>Parameters:name</c>.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddParameterFromConfiguration(name, $"Parameters:{name}", secret);

    /// <summary>Adds a parameter with a value.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="value">The value.</param>
    /// <param name="publishValueAsDefault">Whether the value is written when the application is published.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false)
    {
        ArgumentNullException.ThrowIfNull(value);
        return builder.AddParameter(name, () => value, publishValueAsDefault, secret);
    }

    /// <summary>Adds a parameter whose value is made when it is asked for first.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="valueGetter">Makes the value.</param>
    /// <param name="publishValueAsDefault">Whether the value is written when the application is published.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    /// <exception cref="ArgumentException">A secret value cannot be published.</exception>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, Func<string> valueGetter, bool publishValueAsDefault = false, bool secret = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(valueGetter);
        if (publishValueAsDefault && secret) throw new ArgumentException("The value of a secret parameter cannot be published as its default.", nameof(publishValueAsDefault));
        return builder.AddResource(new ParameterResource(name, _ => valueGetter(), secret));
    }

    /// <summary>Adds a parameter whose value is configured under <c>Parameters:name</c>, and made where it is not.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="value">Makes the value.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false)
    {
        ArgumentNullException.ThrowIfNull(value);
        var parameter = builder.AddParameter(name, secret);
        parameter.Resource.Default = value;
        return parameter;
    }

    /// <summary>Adds a parameter whose value is configured under a key.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="configurationKey">The key.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    public static IResourceBuilder<ParameterResource> AddParameterFromConfiguration(this IDistributedApplicationBuilder builder, string name, string configurationKey, bool secret = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(configurationKey);
        return builder.AddResource(new ParameterResource(name, fallback => Configured(builder.Configuration, name, configurationKey) ?? fallback?.GetDefaultValue() ?? throw Missing(name, configurationKey), secret));
    }

    /// <summary>Says what a parameter is for.</summary>
    /// <param name="builder">The parameter.</param>
    /// <param name="description">What for.</param>
    /// <param name="enableMarkdown">Whether the description is Markdown.</param>
    public static IResourceBuilder<ParameterResource> WithDescription(this IResourceBuilder<ParameterResource> builder, string description, bool enableMarkdown = false)
    {
        builder.Resource.Description = description;
        builder.Resource.EnableDescriptionMarkdown = enableMarkdown;
        return builder;
    }

    // A name with a hyphen cannot be a variable's name in a shell: `Parameters__registry_key` is found too.
    private static string? Configured(ConfigurationManager configuration, string name, string key) =>
        configuration[key] ?? (name.Contains('-', StringComparison.Ordinal) ? configuration[key.Replace('-', '_')] : null);

    private static MissingParameterValueException Missing(string name, string key) =>
        new($"Parameter '{name}' has no value: set the configuration key '{key}', for example by the environment variable '{key.Replace(":", "__", StringComparison.Ordinal).Replace('-', '_')}'.");
}
