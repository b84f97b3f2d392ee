namespace RouteGuide.Http2;

/// <summary>
/// The range of a limit, which is said once: the configuration is checked against it and the documentation compared with it. A property
/// whose name ends in <c>Ms</c> is a time in milliseconds; its setting has the name without that.
/// </summary>
/// <param name="least">The smallest value allowed.</param>
/// <param name="most">The largest value allowed.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LimitAttribute(long least, long most) : Attribute
{
    public long Least { get; } = least;

    public long Most { get; } = most;
}
