using System.Net.Http.Headers;
using System.Text;
using Grpc.Core;
using Grpc.Internal;
using Microsoft.Extensions.Logging;
using RouteGuide.Http2.Hpack;

namespace Grpc.Net.Client.Internal;

/// <summary>The headers of a response, or its trailers, as they came.</summary>
internal readonly struct ResponseFields
{
    private readonly HttpHeaders? _http;
    private readonly HeaderList? _list;

    public ResponseFields(HttpHeaders http) => _http = http;

    /// <param name="list">One that never changes again; null for no fields.</param>
    public ResponseFields(HeaderList? list) => _list = list;

    /// <summary>The value of a field, those of repeated ones joined with commas; null if there is none.</summary>
    /// <param name="name">In lower case.</param>
    public string? Find(string name)
    {
        if (_http is not null) return _http.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

        string? found = null;
        for (var i = 0; i < _list?.Count; i++)
        {
            if (!Ascii.Equals(_list.Name(i), name)) continue;
            var value = Text(_list.Value(i));
            found = found is null ? value : $"{found}, {value}";
        }

        return found;
    }

    /// <summary>What applications see of them.</summary>
    public Metadata ToMetadata(ILogger logger)
    {
        var metadata = new Metadata();
        if (_http is not null)
        {
            foreach (var (name, values) in _http.NonValidated)
            {
                foreach (var value in values) ResponseMetadata.Add(metadata, name, value, logger);
            }
        }

        for (var i = 0; i < _list?.Count; i++)
        {
            if (!_list[i].Known.IsPseudo()) ResponseMetadata.Add(metadata, Encoding.Latin1.GetString(_list.Name(i)), Text(_list.Value(i)), logger);
        }

        return metadata;
    }

    /// <summary>The text of a value. What nearly every call has is there already.</summary>
    public static string Text(ReadOnlySpan<byte> value)
    {
        if (value.SequenceEqual("0"u8)) return "0";
        return value.SequenceEqual("application/grpc"u8) ? GrpcContentType.Value : Encoding.Latin1.GetString(value);
    }
}
