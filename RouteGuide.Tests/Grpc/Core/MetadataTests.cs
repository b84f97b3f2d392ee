using System.Text;
using Grpc.Core;

namespace RouteGuide.Tests.Grpc.Core;

/// <summary>Metadata and its entries.</summary>
public class MetadataTests
{
    [Fact]
    public void Keys_are_lower_cased()
    {
        Assert.Equal("x-key.1_2", new Metadata.Entry("X-Key.1_2", "v").Key);
        Assert.Equal("data-bin", new Metadata.Entry("DATA-BIN", new byte[1]).Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData(":path")]
    [InlineData("ä")]
    [InlineData("a\r\nb")]
    public void Keys_with_other_characters_are_refused(string key)
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, "v"));
        Assert.Throws<ArgumentException>(() => new Metadata { { key + "-bin\0", [1] } });
    }

    [Fact]
    public void Null_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry(null!, "v"));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("k", (string)null!));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("k-bin", (byte[])null!));
        Assert.Throws<ArgumentNullException>(() => new Metadata().Add(null!));
    }

    [Fact]
    public void Text_under_a_binary_key_and_bytes_under_a_text_key_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key-bin", "text"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key", [1]));
    }

    [Fact]
    public void A_text_entry_has_its_ascii_bytes()
    {
        var entry = new Metadata.Entry("key", "value");

        Assert.False(entry.IsBinary);
        Assert.Equal("value", entry.Value);
        Assert.Equal(Encoding.ASCII.GetBytes("value"), entry.ValueBytes);
    }

    [Fact]
    public void A_binary_entry_has_bytes_and_no_text()
    {
        byte[] bytes = [1, 2];
        var entry = new Metadata.Entry("key-bin", bytes);
        bytes[0] = 9;
        entry.ValueBytes[1] = 9;

        Assert.True(entry.IsBinary);
        Assert.Equal([1, 2], entry.ValueBytes);
        Assert.Throws<InvalidOperationException>(() => entry.Value);
    }

    [Fact]
    public void The_last_of_several_entries_with_a_key_is_found()
    {
        var metadata = new Metadata { { "a", "1" }, { "b", "2" }, { "a", "3" }, { "c-bin", [4] } };

        Assert.Equal("3", metadata.GetValue("a"));
        Assert.Equal("3", metadata.Get("A")!.Value);
        Assert.Equal([4], metadata.GetValueBytes("c-bin"));
        Assert.Equal(["1", "3"], metadata.GetAll("a").Select(entry => entry.Value));
        Assert.Null(metadata.Get("d"));
        Assert.Null(metadata.GetValue("d"));
        Assert.Null(metadata.GetValueBytes("d"));
        Assert.Empty(metadata.GetAll("d"));
    }

    [Fact]
    public void Metadata_is_a_list()
    {
        var metadata = new Metadata();
        var entries = Enumerable.Range(0, 10).Select(i => new Metadata.Entry("k", $"{i}")).ToArray();
        foreach (var entry in entries) metadata.Add(entry);
        Assert.Equal(entries, metadata);

        metadata.Insert(0, entries[9]);
        Assert.Equal(11, metadata.Count);
        Assert.Same(entries[9], metadata[0]);
        Assert.Equal(0, metadata.IndexOf(entries[9]));
        metadata[0] = entries[5];
        Assert.True(metadata.Remove(entries[5]));
        Assert.Equal(entries, metadata);

        metadata.RemoveAt(3);
        Assert.DoesNotContain(entries[3], metadata);
        Assert.False(metadata.Remove(entries[3]));
        var copy = new Metadata.Entry[12];
        metadata.CopyTo(copy, 2);
        Assert.Same(entries[0], copy[2]);
        Assert.Same(entries[9], copy[10]);

        metadata.Clear();
        Assert.Empty(metadata);
        Assert.Equal(-1, metadata.IndexOf(entries[0]));
    }

    [Fact]
    public void Positions_that_do_not_exist_are_refused()
    {
        var metadata = new Metadata { { "a", "1" } };

        Assert.Throws<ArgumentOutOfRangeException>(() => metadata[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => metadata[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => metadata.RemoveAt(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => metadata.Insert(2, metadata[0]));
    }

    [Fact]
    public void Empty_metadata_is_read_only()
    {
        Assert.True(Metadata.Empty.IsReadOnly);
        Assert.False(new Metadata().IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "1"));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Clear());
        Assert.Empty(Metadata.Empty);
    }
}
