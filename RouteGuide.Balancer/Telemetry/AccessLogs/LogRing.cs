using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>
/// What one event loop has for the access log and the writer has not fetched: a ring of records and one of their octets, both made once.
/// The loop never waits; a record that finds no room is lost and counted. One thread writes, one reads.
/// </summary>
/// <param name="records">Records that it holds, a power of two.</param>
/// <param name="octets">Octets of their texts that it holds, a power of two.</param>
internal sealed class LogRing(int records = LogRing.DefaultRecords, int octets = LogRing.DefaultOctets)
{
    public const int DefaultRecords = 16 * 1024;
    public const int DefaultOctets = 4 * 1024 * 1024;

    private readonly AccessRecord[] _records = new AccessRecord[records];
    private readonly byte[] _octets = new byte[octets];
    private readonly RecordTexts _texts = new();
    private long _head; // records that were written
    private long _tail; // records that were read
    private long _octetsHead;
    private long _octetsTail;
    private long _lost;

    /// <summary>Records that found no room.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>The writer should not wait any longer.</summary>
    public bool IsHalfFull => _head - Volatile.Read(ref _tail) > records / 2 || _octetsHead - Volatile.Read(ref _octetsTail) > octets / 2;

    /// <summary>Takes what is to be known of a call. False if it is lost.</summary>
    public bool TryWrite(in ExchangeReport report)
    {
        if (_head - Volatile.Read(ref _tail) == records) return Lose();
        ref var record = ref _records[_head & (records - 1)];
        Describe(in report, ref record);
        var texts = _texts.Octets;
        var at = (int)(_octetsHead & (octets - 1));
        // Texts lie in one piece.
        var skipped = at + texts.Length > octets ? octets - at : 0;
        if (octets - (_octetsHead - Volatile.Read(ref _octetsTail)) < skipped + texts.Length) return Lose();
        _octetsHead += skipped;
        record.TextsAt = (int)(_octetsHead & (octets - 1));
        texts.CopyTo(_octets.AsSpan(record.TextsAt));
        record.TextsEnd = _octetsHead += texts.Length;
        Volatile.Write(ref _head, _head + 1);
        return true;
    }

    /// <summary>Gives the reader all records that are there.</summary>
    /// <param name="read">Called for each, with its texts, one behind the other.</param>
    /// <returns>How many there were.</returns>
    public int Read(RecordReader read)
    {
        var head = Volatile.Read(ref _head);
        var count = (int)(head - _tail);
        while (_tail < head)
        {
            ref var record = ref _records[_tail & (records - 1)];
            var length = 0;
            foreach (var one in (ReadOnlySpan<ushort>)record.Lengths) length += one;
            var end = record.TextsEnd;
            read(in record, _octets.AsSpan(record.TextsAt, length));
            record = default; // it holds on to nothing
            Volatile.Write(ref _octetsTail, end);
            Volatile.Write(ref _tail, _tail + 1);
        }

        return count;
    }

    private bool Lose()
    {
        Volatile.Write(ref _lost, _lost + 1);
        return false;
    }

    private void Describe(in ExchangeReport report, ref AccessRecord record)
    {
        var notes = report.Notes;
        record.Client = report.Client;
        record.Group = report.Group?.Group.Name;
        record.GrpcStatus = report.GrpcStatus;
        record.Rule = report.Rule;
        record.RedirectUrl = report.Location;
        record.Reason = notes?.Reason;
        (record.StartedAt, record.EndedAt, record.Duration) = (report.StartedAt, report.EndedAt, report.Duration.Ticks);
        (record.ToTarget, record.InTarget) = (-1, -1);
        (record.Received, record.Sent) = (report.RequestBytes, report.ResponseBytes + (notes?.ResponseFieldOctets ?? 0));
        if (report.Request is { } fields) record.Received += fields.Size - fields.Count * HeaderEntry.Overhead;
        else if (report.Fields is { } head) record.Received += HeadSize.OfRequest(head, report.Method, report.Path, report.Type.IsHttp2());
        if (report.ResponseFields is { } answer && report.HttpStatus > 0) record.Sent += HeadSize.OfResponse(answer, report.Type.IsHttp2());
        (record.HttpStatus, record.TargetStatus, record.Attempts) = (report.HttpStatus, notes?.TargetStatus ?? 0, report.Attempts);
        (record.Type, record.End) = (report.Type, report.End);

        _texts.Clear();
        if (report.Request is { } list) Describe(list, report.Relay, ref record);
        else Describe(in report, report.Fields, ref record);
        for (var i = 0; i < report.Tries.Count; i++)
        {
            if (i > 0) _texts.Add(" "u8);
            _texts.Add(report.Tries[i].Target.Address.Authority);
        }

        _texts.End(ref record, RecordText.Targets);
        for (var i = 0; i < report.Tries.Count; i++)
        {
            if (i > 0) _texts.Add(" "u8);
            var outcome = report.Tries[i].Outcome;
            // Of the last attempt that was answered, which is the client's answer; else of the last one that was sent.
            if (report.Tries[i].Sent >= 0 && (outcome.FirstOctet >= 0 || record.InTarget < 0)) (record.ToTarget, record.InTarget) = (report.Tries[i].Sent, outcome.FirstOctet);
            if (outcome.Kind != OutcomeKind.Answered) _texts.Add("-"u8);
            else _texts.Add(outcome.IsGrpc ? StatusCodes.Status200OK : outcome.Status);
        }

        // Headers leave in the turn in which they come.
        record.ToClient = record.InTarget >= 0 ? 0 : -1;
        _texts.End(ref record, RecordText.TargetStatuses);
        if (notes is not null) _texts.Add(notes.Message);
        _texts.End(ref record, RecordText.GrpcMessage);
    }

    private void Describe(HeaderList list, RequestRelay? relay, ref AccessRecord record)
    {
        _texts.Add(Value(list, KnownHeader.Method)).End(ref record, RecordText.Method);
        _texts.Add(Value(list, KnownHeader.Path), isPath: true).End(ref record, RecordText.Path);
        var authority = Value(list, KnownHeader.Authority);
        _texts.Add(authority.IsEmpty ? Value(list, KnownHeader.Host) : authority).End(ref record, RecordText.Host);
        _texts.Add(Value(list, KnownHeader.UserAgent)).End(ref record, RecordText.UserAgent);
        var trace = Value(list, KnownHeader.TraceParent);
        // One that the balancer makes for each call of a kind is not among the fields that those have in common.
        _texts.Add(trace.IsEmpty && relay is not null ? relay.TraceParent.Value : trace).End(ref record, RecordText.TraceParent);
    }

    private void Describe(in ExchangeReport report, IHeaderDictionary? fields, ref AccessRecord record)
    {
        _texts.Add(report.Method).End(ref record, RecordText.Method);
        _texts.Add(report.Path, isPath: true).End(ref record, RecordText.Path);
        _texts.Add(fields is { Host: [{ } host, ..] } ? host : "").End(ref record, RecordText.Host);
        _texts.Add(fields is { UserAgent: [{ } agent, ..] } ? agent : "").End(ref record, RecordText.UserAgent);
        _texts.Add(report.TraceParent ?? (fields is { TraceParent: [{ } trace, ..] } ? trace : "")).End(ref record, RecordText.TraceParent);
    }

    private static ReadOnlySpan<byte> Value(HeaderList list, KnownHeader name) => list.IndexOf(name) is >= 0 and var index ? list.Value(index) : default;
}

/// <summary>Is given a record.</summary>
/// <param name="record">Good until it returns.</param>
/// <param name="texts">Its texts, one behind the other; good as long.</param>
internal delegate void RecordReader(in AccessRecord record, ReadOnlySpan<byte> texts);
