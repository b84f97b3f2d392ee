using Routeguide;
using RouteGuide.Server.Features;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Server;

public sealed class FeatureDatabaseTests
{
    [Fact]
    public void The_shipped_file_has_100_features_of_which_36_have_no_name()
    {
        var database = FeatureDatabase.Load(Repository.File("data", "route_guide_db.json"));
        Assert.Equal(100, database.Features.Length);
        Assert.Equal(36, database.Features.ToArray().Count(feature => feature.Name.Length == 0));
        Assert.Equal("Patriots Path, Mendham, NJ 07945, USA", database.Features[0].Name);
    }

    [Fact]
    public void A_point_is_found_only_exactly()
    {
        var database = new FeatureDatabase([new Feature { Name = "here", Location = Points.At(5, 7) }]);
        Assert.Equal("here", database.At(Points.At(5, 7))?.Name);
        Assert.Null(database.At(Points.At(5, 8)));
        Assert.Null(database.At(Points.At(7, 5)));
    }

    [Theory]
    [InlineData("[{]", "line 1")]
    [InlineData("[\n{\"location\": {\"latitude\": \"x\", \"longitude\": 1}, \"name\": \"\"}]", "line 2")]
    [InlineData("[{\"name\": \"nowhere\"}]", "$[0]")]
    [InlineData("[{\"location\": {\"latitude\": 1}, \"name\": \"half\"}]", "$[0].location")]
    [InlineData("[{\"location\": {\"latitude\": 1, \"longitude\": 1900000000}, \"name\": \"far\"}]", "entry 0: location.longitude 1900000000")]
    [InlineData("[null]", "entry 0 has no location")]
    [InlineData("null", "null")]
    [InlineData("{}", "line 1")]
    [InlineData("", "line 1")]
    public void A_broken_file_is_told_with_its_place_on_one_line(string content, string place)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("routeguide").FullName, "db.json");
        try
        {
            File.WriteAllText(path, content);
            var error = Assert.Throws<ConfigurationException>(() => FeatureDatabase.Load(path));
            Assert.Contains(path, error.Message);
            Assert.Contains(place, error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Fact]
    public void A_missing_file_is_told_with_its_path()
    {
        var error = Assert.Throws<ConfigurationException>(() => FeatureDatabase.Load("/nowhere/route_guide_db.json"));
        Assert.Contains("/nowhere/route_guide_db.json", error.Message);
    }
}
