using System.Text;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Files that change under way, in all the ways in which tools replace them.</summary>
public sealed class ReloadedFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("routeguide-reload-");

    [Fact]
    public void A_changed_file_is_used_once_it_has_stayed_the_same_for_one_look()
    {
        var file = Write("a", "1");
        var text = Load(file);

        Write("a", "22");

        Assert.Equal(default, text.Poll());
        Assert.Equal("1", text.Current);
        Assert.True(text.Poll().Changed);
        Assert.Equal("22", text.Current);
        Assert.Equal(default, text.Poll());
    }

    [Fact]
    public void A_file_that_is_being_written_is_not_read()
    {
        var file = Write("a", "1");
        var text = Load(file);

        for (var i = 2; i < 10; i++)
        {
            Write("a", new string('x', i));
            Assert.Equal(default, text.Poll());
            Assert.Equal("1", text.Current);
        }

        Assert.True(text.Poll().Changed);
    }

    [Fact]
    public void A_file_that_cannot_be_used_leaves_the_old_content_in_use_and_is_told_once_and_tried_again()
    {
        var file = Write("a", "1");
        var text = Load(file);

        Write("a", "bad");
        text.Poll();
        var told = text.Poll();

        Assert.Contains("'bad'", told.Failure, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Equal(default, text.Poll()));
        Assert.Equal("1", text.Current);
        Write("a", "2222");
        text.Poll();
        Assert.True(text.Poll().Changed);
        Assert.Equal("2222", text.Current);
        // The same trouble later is news again.
        Write("a", "bad");
        text.Poll();
        Assert.NotNull(text.Poll().Failure);
    }

    [Fact]
    public void A_deleted_file_leaves_the_old_content_in_use_until_it_is_back()
    {
        var file = Write("a", "1");
        var text = Load(file);

        File.Delete(file);
        text.Poll();

        Assert.Contains(file, text.Poll().Failure, StringComparison.Ordinal);
        Assert.Equal("1", text.Current);
        Write("a", "22");
        text.Poll();
        Assert.True(text.Poll().Changed);
        Assert.Equal("22", text.Current);
    }

    [Fact]
    public void A_link_to_another_folder_is_followed_as_Kubernetes_swaps_it()
    {
        var first = _folder.CreateSubdirectory("..1");
        var second = _folder.CreateSubdirectory("..2");
        File.WriteAllText(Path.Combine(first.FullName, "tls.crt"), "1");
        File.WriteAllText(Path.Combine(second.FullName, "tls.crt"), "22");
        var data = Path.Combine(_folder.FullName, "..data");
        Directory.CreateSymbolicLink(data, first.FullName);
        var file = Path.Combine(_folder.FullName, "tls.crt");
        File.CreateSymbolicLink(file, Path.Combine("..data", "tls.crt"));
        var text = Load(file);

        // A new link is renamed over the old one.
        var next = Path.Combine(_folder.FullName, "..data_tmp");
        Directory.CreateSymbolicLink(next, second.FullName);
        Directory.Delete(data);
        Directory.Move(next, data);
        text.Poll();

        Assert.True(text.Poll().Changed);
        Assert.Equal("22", text.Current);
    }

    [Fact]
    public void New_content_with_the_old_length_and_time_is_found_too()
    {
        var file = Write("a", "1");
        var time = File.GetLastWriteTimeUtc(file);
        var text = Load(file);

        Write("a", "2");
        File.SetLastWriteTimeUtc(file, time);
        var polls = 1;
        while (!text.Poll().Changed) Assert.True(++polls < 100, "it is never found");

        Assert.Equal("2", text.Current);
    }

    [Fact]
    public void A_file_that_is_only_touched_changes_nothing()
    {
        var file = Write("a", "1");
        var made = 0;
        var text = new ReloadedFiles<string>([new NamedFile("Setting", file)], (_, _) => $"{++made}");

        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1));

        Assert.All(Enumerable.Range(0, 3), _ => Assert.False(text.Poll().Changed));
        Assert.Equal(1, made);
    }

    [Fact]
    public void A_file_that_is_too_long_is_refused_with_its_name()
    {
        var file = Write("a", new string('x', ReloadedFiles<string>.MaxLength + 1));

        var error = Assert.Throws<ConfigurationException>(() => Load(file));

        Assert.Contains("Setting", error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_and_a_key_that_do_not_belong_together_for_a_moment_are_not_used()
    {
        using var authority = new TestAuthority();
        var (old, renewed) = (authority.Server("a.example"), authority.Server("b.example"));
        var certificate = authority.Write("tls.crt", old.Pem);
        var key = authority.Write("tls.key", old.KeyPem);
        var loaded = new CertificateFiles("Setting", certificate, key, null).Load(TimeProvider.System);

        authority.Write("tls.crt", renewed.Pem);
        loaded.Poll();

        Assert.Contains(certificate, loaded.Poll().Failure, StringComparison.Ordinal);
        Assert.Equal(["a.example"], loaded.Current.Names);
        authority.Write("tls.key", renewed.KeyPem);
        loaded.Poll();
        Assert.True(loaded.Poll().Changed);
        Assert.Equal(["b.example"], loaded.Current.Names);
    }

    [Fact]
    public void A_good_certificate_is_not_given_up_for_an_expired_one()
    {
        using var authority = new TestAuthority();
        var (good, expired) = (authority.Server("a.example"), authority.Issue(new("CN=old"), "1.3.6.1.5.5.7.3.1", ["a.example"], DateTimeOffset.UtcNow.AddDays(-1)));
        var certificate = authority.Write("tls.crt", good.Pem);
        var key = authority.Write("tls.key", good.KeyPem);
        var loaded = new CertificateFiles("Setting", certificate, key, null).Load(TimeProvider.System);
        var before = loaded.Current;

        authority.Write("tls.crt", expired.Pem);
        authority.Write("tls.key", expired.KeyPem);
        loaded.Poll();

        Assert.Contains("valid from", loaded.Poll().Failure, StringComparison.Ordinal);
        Assert.Same(before, loaded.Current);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static ReloadedFiles<string> Load(string file) => new(
        [new NamedFile("Setting", file)],
        (contents, _) => Encoding.UTF8.GetString(contents[0]) is var text && text == "bad" ? throw new ConfigurationException($"it is '{text}'") : text);

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }
}
