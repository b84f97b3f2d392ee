namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>What a look at files has led to.</summary>
/// <param name="Changed">Their new content is in use.</param>
/// <param name="Failure">Why it is not, for people; null if nothing is wrong or it was told before.</param>
internal readonly record struct ReloadOutcome(bool Changed, string? Failure)
{
    public static ReloadOutcome Unchanged => default;
}

/// <summary>Something made of files that may change.</summary>
internal interface IReloaded
{
    /// <summary>The files, for people.</summary>
    string Name { get; }

    /// <summary>Looks at the files, from one thread at a time, about once a second.</summary>
    ReloadOutcome Poll();
}
