namespace RouteGuide.Http2.Hpack;

/// <summary>What is known of a <see cref="HeaderList"/> that never changes again, because the same block keeps coming: whatever was found out about it once.</summary>
/// <param name="id">Unlike that of any other frozen list of the event loop.</param>
internal sealed class FrozenHeaders(long id)
{
    public long Id { get; } = id;

    /// <summary>The section that it was found to be good for; what <see cref="Facts"/> are about.</summary>
    internal MessageSection JudgedAs { get; set; }

    internal MessageFacts Facts { get; set; }

    /// <summary>What the handler has made of the list.</summary>
    public object? Derived { get; set; }
}
