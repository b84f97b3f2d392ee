using System.Text;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Balancing.Hashing;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>consistent_hash: the same key to the same target, and few keys that move.</summary>
public sealed class HashTests
{
    private const int Keys = 20_000;

    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Call me Ishmael. Some years ago--never mind how long precisely-", 0x02A2E85470D6FD96)]
    public void The_hash_is_that_of_the_published_vectors(string text, ulong hash) => Assert.Equal(hash, XxHash64.Of(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("maglev", 0.02)]
    [InlineData("ring", 0.3)]
    public void Targets_own_places_by_weight(string table, double tolerance)
    {
        var pool = new Pool(1, 2, 3, 4);

        var counts = pool.Count(Picker(table), Keys, Key);

        Assert.All(counts, (count, i) => Assert.InRange(count, Keys * (i + 1) / 10d * (1 - tolerance - 0.05), Keys * (i + 1) / 10d * (1 + tolerance + 0.05)));
    }

    [Theory]
    [InlineData("maglev", 0.015)]
    [InlineData("ring", 0)]
    public void When_a_target_goes_the_keys_of_the_others_stay(string table, double moved)
    {
        var targets = Enumerable.Range(0, 20).Select(i => Pool.New(i)).ToArray();
        var (all, fewer) = (new Pool(targets), new Pool([.. targets.Where((_, i) => i != 7)]));
        var picker = Picker(table);
        var before = Enumerable.Range(0, Keys).Select(i => all[all.Pick(picker, Key(i))]).ToArray();
        var after = Enumerable.Range(0, Keys).Select(i => fewer[fewer.Pick(picker, Key(i))]).ToArray();

        var without = Enumerable.Range(0, Keys).Count(i => before[i] != targets[7] && before[i] != after[i]);

        Assert.InRange(without, 0, Keys * moved);
        Assert.InRange(before.Count(t => t == targets[7]), Keys / 20 * 0.7, Keys / 20 * 1.3);
        // And when it comes back, so do they.
        Assert.Equal(before, Enumerable.Range(0, Keys).Select(i => all[all.Pick(picker, Key(i))]));
    }

    [Theory]
    [InlineData("maglev")]
    [InlineData("ring")]
    public void Balancers_that_learned_of_the_targets_in_another_order_agree(string table)
    {
        var targets = Enumerable.Range(0, 9).Select(i => Pool.New(i, 1 + i % 3)).ToArray();
        var (one, other) = (new Pool(targets), new Pool([.. targets.Reverse()]));

        var (mine, theirs) = (Picker(table, 1), Picker(table, 2));

        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(one[one.Pick(mine, Key(i))].Name, other[other.Pick(theirs, Key(i))].Name));
    }

    [Theory]
    [InlineData("maglev")]
    [InlineData("ring")]
    public void A_key_whose_target_cannot_have_it_goes_to_another_always_the_same_and_not_all_to_one(string table)
    {
        var pool = new Pool(1, 1, 1, 1, 1);
        var picker = Picker(table);
        var next = new HashSet<int>();
        foreach (var key in Enumerable.Range(0, 500).Select(Key).Where(k => pool.Pick(picker, k) == 0))
        {
            var second = key.Next();
            while (pool.Pick(picker, second) == 0) second = second.Next();
            next.Add(pool.Pick(picker, second));
            Assert.Equal(second, Skip(key));
        }

        Assert.Equal([1, 2, 3, 4], next.Order());

        PickInput Skip(PickInput key)
        {
            do key = key.Next();
            while (pool.Pick(picker, key) == 0);
            return key;
        }
    }

    [Fact]
    public void Calls_without_a_key_have_their_turns()
    {
        Assert.Equal([100, 200, 300], new Pool(1, 2, 3).Count(Picker("maglev"), 600));
    }

    [Fact]
    public void What_does_not_change_places_makes_no_new_table()
    {
        var made = 0;
        var targets = Enumerable.Range(0, 3).Select(i => Pool.New(i)).ToArray();
        var picker = new ConsistentHash((seeds, weights) =>
        {
            made++;
            return new Maglev(seeds, weights);
        });

        new Pool(targets).Pick(picker, Key(1));
        new Pool(targets, t => t == targets[0] ? 0.5 : 1).Pick(picker, Key(1));
        Assert.Equal(1, made);
        targets[0].Weight = 2;
        new Pool(targets).Pick(picker, Key(1));
        Assert.Equal(2, made);
    }

    [Fact]
    public void A_thousand_targets_have_places_and_the_lightest_too()
    {
        var weights = Enumerable.Range(0, 1000).Select(i => i == 0 ? 1d : 30).ToArray();
        var seeds = Enumerable.Range(0, 1000).Select(i => XxHash64.Of($"10.0.0.{i}")).ToArray();

        foreach (var table in (IHashTable[])[new Maglev(seeds, weights), new HashRing(seeds, weights)])
        {
            var counts = Enumerable.Range(0, 400_000).CountBy(i => table.Find(Key(i).Hash)).ToDictionary();
            Assert.Equal(1000, counts.Count);
            Assert.True(counts[0] < 80, $"{counts[0]} of the lightest");
        }
    }

    private static PickInput Key(int i) => new(XxHash64.Of($"key-{i}"), true);

    private static IPicker Picker(string table, int seed = 1) => Pickers.Create(
        new AlgorithmSettings { Type = AlgorithmType.ConsistentHash, Hash = new HashSettings { Table = table == "ring" ? HashTable.Ring : HashTable.Maglev } }, TimeProvider.System, new Random(seed));
}
