using Google.Protobuf;

namespace RouteGuide.Client.Reflection;

/// <summary>
/// An answer of <c>grpc.reflection.v1.ServerReflection</c>, and of <c>v1alpha</c>, which is the same on the wire. Read by hand, so that one
/// code serves both names.
/// </summary>
internal sealed class ReflectionAnswer
{
    // A server has a few dozen files and services; who sends millions means no good.
    private const int MaxItems = 10_000;

    public List<ByteString> Files { get; } = [];

    public List<string> Services { get; } = [];

    /// <summary>The gRPC status code of an error, or null.</summary>
    public int? ErrorCode { get; private set; }

    public string ErrorMessage { get; private set; } = "";

    /// <summary>A question: what is asked is told by the field's number.</summary>
    public static byte[] Question(int field, string value)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteString(value);
        }

        return buffer.ToArray();
    }

    /// <exception cref="InvalidProtocolBufferException">The bytes are no answer.</exception>
    public static ReflectionAnswer Parse(byte[] bytes)
    {
        var answer = new ReflectionAnswer();
        ForEach(new CodedInputStream(bytes), (field, input) =>
        {
            switch (field)
            {
                case 4: ForEach(input.ReadBytes().CreateCodedInput(), answer.ReadFile); break;
                case 6: ForEach(input.ReadBytes().CreateCodedInput(), answer.ReadService); break;
                case 7: ForEach(input.ReadBytes().CreateCodedInput(), answer.ReadError); break;
                default: input.SkipLastField(); break;
            }
        });
        return answer;
    }

    private void ReadFile(int field, CodedInputStream input)
    {
        if (field == 1 && Files.Count < MaxItems) Files.Add(input.ReadBytes());
        else input.SkipLastField();
    }

    private void ReadService(int field, CodedInputStream input)
    {
        if (field != 1 || Services.Count >= MaxItems)
        {
            input.SkipLastField();
            return;
        }

        ForEach(input.ReadBytes().CreateCodedInput(), (inner, service) =>
        {
            if (inner == 1) Services.Add(service.ReadString());
            else service.SkipLastField();
        });
    }

    private void ReadError(int field, CodedInputStream input)
    {
        ErrorCode ??= 0;
        if (field == 1) ErrorCode = input.ReadInt32();
        else if (field == 2) ErrorMessage = input.ReadString();
        else input.SkipLastField();
    }

    private static void ForEach(CodedInputStream input, Action<int, CodedInputStream> read)
    {
        while (input.ReadTag() is not 0 and var tag) read(WireFormat.GetTagFieldNumber(tag), input);
    }
}
