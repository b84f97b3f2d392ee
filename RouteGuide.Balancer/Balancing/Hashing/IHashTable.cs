namespace RouteGuide.Balancer.Balancing.Hashing;

/// <summary>Says whose a key is. It never changes.</summary>
internal interface IHashTable
{
    /// <summary>The place, among those that the table was made of, of whom a key's hash belongs to.</summary>
    int Find(ulong hash);
}
