using System.Net;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>
/// Writes records as lines. The first 34 fields are those of AWS's Application Load Balancer ("Access log entries" in its user guide), in
/// its order; parsers of that format ignore what follows. Both formats have the same fields.
/// </summary>
/// <param name="name">Of the balancer.</param>
/// <param name="time">To turn timestamps into times of day.</param>
internal sealed class LineFormat(string name, TimeProvider time)
{
    private readonly string _instance = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray())[..16];
    private DateTimeOffset _now;
    private long _nowStamp;

    /// <summary>Times of day are as of now, until the next call; one look at the clock for many lines.</summary>
    public void BeginBatch() => (_now, _nowStamp) = (time.GetUtcNow(), time.GetTimestamp());

    /// <summary>Adds a line.</summary>
    public void Write(LineBuffer line, AccessLogFormat format, in AccessRecord record, ReadOnlySpan<byte> texts)
    {
        IFieldWriter writer = format == AccessLogFormat.Json ? JsonFields.Instance : TextFields.Instance;
        var split = new Texts(texts, record.Lengths);
        writer.Begin(line);
        Fields(writer, line, in record, in split);
        writer.End(line);
    }

    /// <summary>Adds a line that says how many are missing.</summary>
    public void WriteLost(LineBuffer line, AccessLogFormat format, long count)
    {
        if (format == AccessLogFormat.Json) line.Raw("{\"type\":\"lost\",\"time\":\""u8).Time(_now).Raw("\",\"count\":"u8).Number(count).Raw("}\n"u8);
        else line.Raw("lost "u8).Time(_now).Raw(" "u8).Number(count).Raw("\n"u8);
    }

    private void Fields(IFieldWriter to, LineBuffer line, in AccessRecord record, in Texts texts)
    {
        var client = record.Client;
        to.Word(line, "type", record.Type.Name());
        to.Time(line, "time", At(record.EndedAt));
        to.Word(line, "elb", name);
        to.Word(line, "client:port", Address(client.Remote));
        to.Word(line, "target:port", Last(texts[RecordText.Targets]));
        to.Seconds(line, "request_processing_time", record.ToTarget);
        to.Seconds(line, "target_processing_time", record.InTarget);
        to.Seconds(line, "response_processing_time", record.ToClient);
        to.Status(line, "elb_status_code", record.HttpStatus);
        to.Status(line, "target_status_code", record.TargetStatus);
        to.Number(line, "received_bytes", record.Received);
        to.Number(line, "sent_bytes", record.Sent);
        to.Quoted(line, "request", RequestLine(in record, in texts));
        to.Quoted(line, "user_agent", texts[RecordText.UserAgent]);
        to.Word(line, "ssl_cipher", client.Tls?.Cipher);
        to.Word(line, "ssl_protocol", client.Tls?.Protocol);
        to.Word(line, "target_group_arn", record.Group);
        to.Quoted(line, "trace_id", TraceId(texts[RecordText.TraceParent]));
        to.Quoted(line, "domain_name", Octets(client.Tls?.ServerName));
        to.Quoted(line, "chosen_cert_arn", Octets(client.Tls?.Certificate));
        to.Digits(line, "matched_rule_priority", record.Rule is { } rule ? $"{rule.Priority}" : null);
        to.Time(line, "request_creation_time", At(record.StartedAt));
        to.Quoted(line, "actions_executed", Octets(ActionOf(record.Rule)));
        to.Quoted(line, "redirect_url", Octets(record.RedirectUrl));
        // What a rule answers is no error.
        to.Quoted(line, "error_reason", record.End == ExchangeEnd.ByRule ? default : Octets(record.Reason));
        to.Quoted(line, "target:port_list", texts[RecordText.Targets]);
        to.Quoted(line, "target_status_code_list", texts[RecordText.TargetStatuses]);
        to.Quoted(line, "classification", default);
        to.Quoted(line, "classification_reason", default);
        to.Word(line, "conn_trace_id", $"TID_{_instance}{client.Id:x16}");
        to.Quoted(line, "transformed_host", default);
        to.Quoted(line, "transformed_uri", default);
        to.Quoted(line, "request_transform_status", default);
        to.Word(line, "node_ip", Address(client.Local.Address));
        to.Digits(line, "grpc_status", record.GrpcStatus);
        to.Quoted(line, "grpc_message", Message(in record, in texts));
        to.Number(line, "attempts", record.Attempts);
        to.Word(line, "response_flags", ResponseFlags.Of(record.End));
        to.Seconds(line, "duration", record.Duration);
    }

    private static string? ActionOf(Rule? rule) => rule?.Action switch
    {
        null => null,
        ForwardAction => "forward",
        RedirectAction => "redirect",
        _ => "fixed-response",
    };

    private static byte[] RequestLine(in AccessRecord record, in Texts texts)
    {
        if (record.Type == CallType.Tcp || texts[RecordText.Method].IsEmpty) return [];
        var line = new LineBuffer();
        var host = texts[RecordText.Host];
        var path = texts[RecordText.Path];
        var port = record.Client.Local.Port;
        var hasPort = host.LastIndexOf((byte)':') > host.LastIndexOf((byte)']');
        line.Raw(Or(texts[RecordText.Method])).Raw(record.Type.IsTls() ? " https://"u8 : " http://"u8).Raw(Or(host));
        if (!hasPort) line.Raw(":"u8).Number(port);
        if (path is not [(byte)'/', ..]) line.Raw("/"u8);
        line.Raw(path).Raw(record.Type.IsHttp2() ? " HTTP/2.0"u8 : " HTTP/1.1"u8);
        return line.Memory.ToArray();

        static ReadOnlySpan<byte> Or(ReadOnlySpan<byte> text) => text.IsEmpty ? "-"u8 : text;
    }

    // Decoded, so that people can read it; what is not plain is escaped again.
    private static ReadOnlySpan<byte> Message(in AccessRecord record, in Texts texts)
    {
        var sent = texts[RecordText.GrpcMessage];
        if (sent.IsEmpty) return record is { GrpcStatus: not null and not "0", Reason: not null } ? Octets(record.Reason) : default;
        if (!sent.Contains((byte)'%')) return sent;
        var decoded = new byte[sent.Length];
        var count = 0;
        for (var i = 0; i < sent.Length; i++)
        {
            var isCode = sent[i] == '%' && i + 2 < sent.Length && char.IsAsciiHexDigit((char)sent[i + 1]) && char.IsAsciiHexDigit((char)sent[i + 2]);
            decoded[count++] = isCode ? Convert.FromHexString([(char)sent[i + 1], (char)sent[i + 2]])[0] : sent[i];
            if (isCode) i += 2;
        }

        return decoded.AsSpan(0, count);
    }

    private static ReadOnlySpan<byte> TraceId(ReadOnlySpan<byte> traceParent) => traceParent.Length >= 35 ? traceParent[3..35] : default;

    private static string? Last(ReadOnlySpan<byte> list) => list.IsEmpty ? null : Encoding.ASCII.GetString(list[(list.LastIndexOf((byte)' ') + 1)..]);

    private static ReadOnlySpan<byte> Octets(string? text) => text is null ? default : Encoding.UTF8.GetBytes(text);

    private static string Address(IPEndPoint end) => end.AddressFamily == AddressFamily.InterNetworkV6 && !end.Address.IsIPv4MappedToIPv6 ? end.ToString() : $"{Address(end.Address)}:{end.Port}";

    private static string Address(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    private DateTimeOffset At(long timestamp) => _now - time.GetElapsedTime(timestamp, _nowStamp);

    private readonly ref struct Texts(ReadOnlySpan<byte> octets, in AccessRecord.TextLengths lengths)
    {
        private readonly ReadOnlySpan<byte> _octets = octets;
        private readonly AccessRecord.TextLengths _lengths = lengths;

        public ReadOnlySpan<byte> this[RecordText text]
        {
            get
            {
                var begin = 0;
                for (var i = 0; i < (int)text; i++) begin += _lengths[i];
                return _octets.Slice(begin, _lengths[(int)text]);
            }
        }
    }
}
