namespace RouteGuide.Client.Cli;

/// <summary>Where to call, and whom to believe there.</summary>
/// <param name="Address">Where the balancer, or one server, listens.</param>
/// <param name="CaFile">A PEM file of roots to trust instead of the machine's; null to use those.</param>
/// <param name="Insecure">Take any certificate.</param>
internal sealed record ConnectionSettings(Uri Address, FileInfo? CaFile, bool Insecure);

/// <summary>What the command line asks for of the documented scenario, checked.</summary>
/// <param name="Deadline">How long each call may take; null for no limit.</param>
/// <param name="Rpc">The one kind of RPC to run; null for all four.</param>
/// <param name="Repeat">How many times.</param>
/// <param name="Seed">Makes the random route repeatable; null for another route each time.</param>
/// <param name="RouteFile">A file of points to visit instead of random ones.</param>
internal sealed record ClientSettings(TimeSpan? Deadline, string? Rpc, int Repeat, int? Seed, FileInfo? RouteFile);
