using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using RouteGuide.Client.Dynamic;
using RouteGuide.Tests.Client.Protos;

namespace RouteGuide.Tests.Client;

/// <summary>The codec that knows types from descriptors alone, beside Google's, which has them generated.</summary>
public sealed class CodecTests
{
    private const int Runs = 300;

    private static readonly JsonParser GoogleParser = new(JsonParser.Settings.Default.WithTypeRegistry(RandomMessages.Types));

    [Fact]
    public void Writes_the_json_that_Google_writes() => ForAnyMessage(message =>
    {
        foreach (var defaults in (bool[])[false, true])
        {
            var google = new JsonFormatter(JsonFormatter.Settings.Default.WithTypeRegistry(RandomMessages.Types).WithFormatDefaultValues(defaults)).Format(message);
            var ours = Write(Everything.Descriptor, message.ToByteArray(), defaults);
            // A field that Google leaves out for having presence is none of ours either, so both must be the same tree.
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(google), JsonNode.Parse(ours)), $"Google:\n{google}\nours:\n{ours}");
        }
    });

    [Fact]
    public void Reads_the_json_that_Google_writes() => ForAnyMessage(message =>
    {
        var google = new JsonFormatter(JsonFormatter.Settings.Default.WithTypeRegistry(RandomMessages.Types)).Format(message);
        AssertSame(message, Everything.Parser.ParseFrom(Read(google)));
    });

    [Fact]
    public void Google_reads_the_json_that_it_writes() => ForAnyMessage(message =>
        AssertSame(message, GoogleParser.Parse<Everything>(Write(Everything.Descriptor, message.ToByteArray()))));

    [Fact]
    public void Copies_bytes_without_loss() => ForAnyMessage(message =>
        AssertSame(message, Everything.Parser.ParseFrom(WireWriter.Write(WireReader.Read(Everything.Descriptor, message.ToByteArray())))));

    [Fact]
    public void Any_bytes_are_read_or_refused() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2_000),
        Prop.ForAll<byte[]>(bytes =>
        {
            try
            {
                Write(Everything.Descriptor, bytes ?? [], defaults: true);
            }
            catch (InvalidDataException)
            {
                // The one way to say no.
            }
        }));

    [Fact]
    public void A_message_with_a_byte_changed_is_read_or_refused() => ForAnyMessage((message, random) =>
    {
        var bytes = message.ToByteArray();
        if (bytes.Length == 0) return;
        bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        try
        {
            Assert.NotNull(JsonNode.Parse(Write(Everything.Descriptor, bytes)));
        }
        catch (InvalidDataException)
        {
            // As above.
        }
    });

    [Theory]
    [InlineData("8A01", 5_000)] // child, of a length that is filled in
    [InlineData("FB06", 5_000)] // an unknown group
    public void Nesting_without_end_is_refused(string tag, int levels)
    {
        var opening = Convert.FromHexString(tag);
        byte[] bytes = [];
        for (var i = 0; i < levels; i++)
        {
            using var level = new MemoryStream();
            using (var output = new CodedOutputStream(level, leaveOpen: true))
            {
                output.WriteRawTag(opening[0], opening[1]);
                if (tag == "8A01") output.WriteLength(bytes.Length);
            }

            bytes = [.. level.ToArray(), .. bytes];
        }

        Assert.Throws<InvalidDataException>(() => WireReader.Read(Everything.Descriptor, bytes));
    }

    [Fact]
    public void Unknown_fields_are_left_out_and_of_two_values_the_last_counts()
    {
        byte[] bytes = [.. new Everything { Int32Field = 1, Child = new Everything { Int32Field = 5 } }.ToByteArray(), .. new Everything { Int32Field = 2, Child = new Everything { StringField = "x" } }.ToByteArray()];
        byte[] unknown = [0xb8, 0x3f, 0x01]; // field 1015, a varint
        Assert.Equal("""{"int32Field":2,"child":{"int32Field":5,"stringField":"x"}}""", Write(Everything.Descriptor, [.. unknown, .. bytes]));
    }

    [Theory]
    [InlineData("""{"int32_field": "7", "int64Field": 7, "uint32Field": 7e0, "boolField": true}""", """{"int32Field":7,"int64Field":"7","uint32Field":7,"boolField":true}""")]
    [InlineData("""{"bytesField": "_-8", "blobs": ["/+8=", "YQ"]}""", """{"bytesField":"/+8=","blobs":["/+8=","YQ=="]}""")]
    [InlineData("""{"colour": 2, "colours": ["RED", -3, 77]}""", """{"colour":"GREEN","colours":["RED","NEGATIVE",77]}""")]
    [InlineData("""{"child": null, "ints": null, "value": null, "choiceNull": null}""", """{"choiceNull":null,"value":null}""")]
    [InlineData("""{"timestamp": "2026-01-31T12:00:00.5+01:30", "duration": "-0.25s", "mask": "a.bC,d"}""", """{"timestamp":"2026-01-31T10:30:00.500Z","duration":"-0.250s","mask":"a.bC,d"}""")]
    [InlineData("""{"any": {"value": "3s", "@type": "x.org/google.protobuf.Duration"}}""", """{"any":{"@type":"x.org/google.protobuf.Duration","value":"3s"}}""")]
    [InlineData("""{"legacy": {"pair": {"left": 1, "right": {"text": ""}}}}""", """{"legacy":{"pair":{"left":1,"right":{"text":""}}}}""")]
    public void Takes_the_other_ways_to_write_a_value(string json, string canonical) => Assert.Equal(canonical, Write(Everything.Descriptor, Read(json)));

    [Theory]
    [InlineData("{\n  \"int32Field\": 2147483648 }", "line 2, column 17, at int32Field: 2147483648 is not a whole number from -2147483648 to 2147483647.")]
    [InlineData("""{"uint32Field": -1}""", "line 1, column 17, at uint32Field: -1 is not a whole number from 0 to 4294967295.")]
    [InlineData("""{"ints": [1, 2.5]}""", "line 1, column 14, at ints[1]: 2.5 is not a whole number")]
    [InlineData("""{"ints": [1, null]}""", "at ints[1]: null cannot stand in an array.")]
    [InlineData("""{"child": {"strings": 1}}""", "at child.strings: 1 is not an array.")]
    [InlineData("""{"colour": "BLUE"}""", "\"BLUE\" is not a value of routeguide.tests.Colour (COLOUR_UNSPECIFIED, RED, GREEN, NEGATIVE).")]
    [InlineData("""{"intToMessage": {"x": {}}}""", "the key \"x\" is not a whole number")]
    [InlineData("""{"textToLong": {"a": 1, "a": 2}}""", "the key \"a\" is given twice.")]
    [InlineData("""{"int32Field": 1, "int32_field": 2}""", "field \"int32_field\" is given twice.")]
    [InlineData("""{"choiceInt": 1, "choiceText": ""}""", "only one field of the oneof 'choice' may be given")]
    [InlineData("""{"strng": ""}""", "routeguide.tests.Everything has no field \"strng\"; did you mean strings?")]
    [InlineData("""{"timestamp": "yesterday"}""", "\"yesterday\" is not a time such as")]
    [InlineData("""{"duration": "5"}""", "\"5\" is not a duration in seconds")]
    [InlineData("""{"bytesField": "a"}""", "\"a\" is not a string of base64.")]
    [InlineData("""{"floatField": 1e300}""", "1e300 is not a number within")]
    [InlineData("""{"any": {"value": "3s"}}""", "an Any needs \"@type\"")]
    [InlineData("""{"any": {"@type": "x/unknown.Type"}}""", "the type \"x/unknown.Type\" is not known.")]
    [InlineData("""{"stringField": "\ud800"}""", "half of a surrogate pair")]
    [InlineData("""[]""", "an array is not an object with the fields of routeguide.tests.Everything.")]
    [InlineData("""{"boolField": "true"}""", "\"true\" is not true or false.")]
    [InlineData("""{"boolField": tru}""", "line 1, column 18, at boolField:")]
    [InlineData("{\n \"child\": {\n}", "line 3, column 2: ")]
    [InlineData("{} {}", "line 1, column 4:")]
    public void Says_where_and_what_is_wrong(string json, string said) => Assert.Contains(said, Assert.Throws<JsonInputException>(() => Read(json)).Message);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public async Task Cuts_documents_out_of_a_stream_however_it_arrives(int atOnce)
    {
        const string Text = " {\"a\": \"}\\\"{\"}\n[1,[2]]\"x y\"12 true\n\n {\"b\"\n:{}} }x {";
        var documents = new List<(string, long)>();
        await foreach (var document in JsonDocuments.Cut(new SlowStream(Encoding.UTF8.GetBytes(Text), atOnce), CancellationToken.None))
        {
            documents.Add((Encoding.UTF8.GetString(document.Text.Span), document.LinesBefore));
        }

        Assert.Equal([("{\"a\": \"}\\\"{\"}", 0), ("[1,[2]]", 1), ("\"x y\"", 1), ("12", 1), ("true", 1), ("{\"b\"\n:{}}", 3), ("}", 4), ("x", 4), ("{", 4)], documents);
    }

    // What an Any holds is bytes, and the same map may be written in more than one way. Google's own text compares what is meant.
    private static void AssertSame(Everything expected, Everything actual)
    {
        var text = new JsonFormatter(JsonFormatter.Settings.Default.WithTypeRegistry(RandomMessages.Types));
        Assert.Equal(text.Format(expected), text.Format(actual));
    }

    private static void ForAnyMessage(Action<Everything> holds) => ForAnyMessage((message, _) => holds(message));

    private static void ForAnyMessage(Action<Everything, Random> holds) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Runs),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => holds(new RandomMessages(seed).Next(), new Random(seed))));

    private static MessageDescriptor? Find(string name) => RandomMessages.Types.Find(name) ?? (name == "google.protobuf.Duration" ? Google.Protobuf.WellKnownTypes.Duration.Descriptor : null);

    private static byte[] Read(string json) => WireWriter.Write(JsonMessageReader.Read(Encoding.UTF8.GetBytes(json), Everything.Descriptor, Find));

    private static string Write(MessageDescriptor type, byte[] bytes, bool defaults = false) => new JsonMessageWriter(Find, defaults, indented: false).Write(WireReader.Read(type, bytes));

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class SlowStream(byte[] bytes, int atOnce) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, atOnce)], cancellationToken);
    }
}
