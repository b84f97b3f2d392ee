using System.Collections;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using RouteGuide.Tests.Client.Protos;

namespace RouteGuide.Tests.Client;

/// <summary>Messages of any generated type, filled by chance; the same seed gives the same message.</summary>
internal sealed class RandomMessages(int seed)
{
    private static readonly string[] Texts = ["", "plain", "späte Ärzte", "日本語", "😀 emoji", "quote\" back\\slash /", "tab\tline\nreturn\r", "\u0000\u001b[31m\u007f\u0085", "\u202ebidi\u2028", "<html>&'"];

    private readonly Random _random = new(seed);

    /// <summary>The types that an Any may hold.</summary>
    public static TypeRegistry Types { get; } = TypeRegistry.FromFiles(Everything.Descriptor.File, TimestampReflection.Descriptor);

    public Everything Next() => Fill(new Everything(), 0);

    private T Fill<T>(T message, int depth) where T : IMessage
    {
        switch (message)
        {
            case Timestamp time:
                time.Seconds = _random.NextInt64(-62_135_596_800, 253_402_300_800);
                time.Nanos = Nanos();
                return message;
            case Duration duration:
                var sign = _random.Next(2) == 0 ? 1 : -1;
                duration.Seconds = sign * _random.NextInt64(_random.Next(2) == 0 ? 1 : 315_576_000_000);
                duration.Nanos = sign * Nanos();
                return message;
            case FieldMask mask:
                mask.Paths.Add(Enumerable.Range(0, _random.Next(3)).Select(i => i == 0 ? "name" : "some_thing.deep_er"));
                return message;
            case Struct structure:
                // Google's formatter takes no empty key here.
                for (var i = _random.Next(3); i > 0; i--) structure.Fields[$"key {i}"] = Fill(new Value(), depth + 1);
                return message;
            case Value value:
                FillValue(value, depth);
                return message;
            case Any any:
                IMessage held = _random.Next(3) switch { 0 => new Timestamp(), 1 => new Legacy(), _ => new Everything() };
                any.MergeFrom(Any.Pack(Fill(held, depth + 1)));
                return message;
            default:
                foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
                {
                    // Small trees: deep ones have few fields.
                    if (field.IsRequired || _random.Next(depth == 0 ? 2 : 8) == 0) FillField(message, field, depth);
                }

                return message;
        }
    }

    private void FillField(IMessage message, FieldDescriptor field, int depth)
    {
        if (depth > 2 && field.FieldType is FieldType.Message or FieldType.Group) return;
        if (field.IsMap)
        {
            var map = (IDictionary)field.Accessor.GetValue(message);
            for (var i = _random.Next(3); i > 0; i--)
            {
                map[Single(field.MessageType.FindFieldByNumber(1), depth, null)] = Single(field.MessageType.FindFieldByNumber(2), depth, map.GetType().GenericTypeArguments[1]);
            }
        }
        else if (field.IsRepeated)
        {
            var list = (IList)field.Accessor.GetValue(message);
            for (var i = _random.Next(4); i > 0; i--) list.Add(Single(field, depth, null));
        }
        else
        {
            field.Accessor.SetValue(message, Single(field, depth, null));
        }
    }

    private object Single(FieldDescriptor field, int depth, System.Type? type) => field.FieldType switch
    {
        FieldType.Double => Real(),
        FieldType.Float => (float)Real(),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)Bits(),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Bits(),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)Bits(),
        FieldType.UInt64 or FieldType.Fixed64 => (ulong)Bits(),
        FieldType.Bool => _random.Next(2) == 0,
        FieldType.String => Texts[_random.Next(Texts.Length)],
        FieldType.Bytes => ByteString.CopyFrom(Encoding.UTF8.GetBytes(Texts[_random.Next(Texts.Length)])),
        FieldType.Enum when type is not null => System.Enum.ToObject(type, Number(field.EnumType)),
        FieldType.Enum => Number(field.EnumType),
        _ when IsWrapper(field.MessageType) => Single(field.MessageType.FindFieldByNumber(1), depth, null),
        _ => Fill((IMessage)Activator.CreateInstance(field.MessageType.ClrType)!, depth + 1),
    };

    private static bool IsWrapper(MessageDescriptor type) => type.File.Name == "google/protobuf/wrappers.proto";

    // An open enum has values that nobody has named.
    private int Number(EnumDescriptor type) =>
        type.FullName == "routeguide.tests.Colour" && _random.Next(4) == 0 ? _random.Next(100, 200) : type.Values[_random.Next(type.Values.Count)].Number;

    private void FillValue(Value value, int depth)
    {
        switch (_random.Next(depth > 3 ? 4 : 6))
        {
            case 0: value.NullValue = NullValue.NullValue; break;
            case 1: value.NumberValue = _random.Next(-1000, 1000) / 8.0; break;
            case 2: value.StringValue = Texts[_random.Next(Texts.Length)]; break;
            case 3: value.BoolValue = _random.Next(2) == 0; break;
            case 4: value.StructValue = Fill(new Struct(), depth + 1); break;
            default: value.ListValue = Fill(new ListValue(), depth + 1); break;
        }
    }

    private int Nanos() => _random.Next(4) switch { 0 => 0, 1 => _random.Next(1_000) * 1_000_000, 2 => _random.Next(1_000_000) * 1_000, _ => _random.Next(1_000_000_000) };

    // Of all lengths, and the ends.
    private long Bits() => _random.Next(8) switch { 0 => 0, 1 => long.MaxValue, 2 => long.MinValue, 3 => int.MinValue, _ => _random.NextInt64() >> _random.Next(64) };

    private double Real() => _random.Next(8) switch { 0 => 0, 1 => double.NaN, 2 => double.PositiveInfinity, 3 => double.NegativeInfinity, 4 => 1e300, 5 => 1.25e-30, _ => _random.Next(-1_000_000, 1_000_000) / 64.0 };
}
