using FsCheck;
using FsCheck.Fluent;
using Routeguide;

namespace RouteGuide.Tests.Support;

/// <summary>Points on the globe, one by one and by chance.</summary>
internal static class Points
{
    private static readonly Gen<Point> Gen =
        from latitude in FsCheck.Fluent.Gen.Choose(-900_000_000, 900_000_000)
        from longitude in FsCheck.Fluent.Gen.Choose(-1_800_000_000, 1_800_000_000)
        select At(latitude, longitude);

    /// <summary>Any point on the globe.</summary>
    public static Arbitrary<Point> Any { get; } = Gen.ToArbitrary();

    /// <summary>Any two.</summary>
    public static Arbitrary<Tuple<Point, Point>> Pairs { get; } = Gen.Two().Select(pair => Tuple.Create(pair.Item1, pair.Item2)).ToArbitrary();

    public static Point At(int latitude, int longitude) => new() { Latitude = latitude, Longitude = longitude };
}
