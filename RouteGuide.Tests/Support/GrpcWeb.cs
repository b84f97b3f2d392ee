using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace RouteGuide.Tests.Support;

/// <summary>gRPC-Web by hand, as a browser sends and reads it.</summary>
internal static class GrpcWeb
{
    public const string Binary = "application/grpc-web";
    public const string Text = "application/grpc-web-text";

    /// <summary>Sends a body, as base64 where the type says so and <paramref name="encode"/> does not say otherwise; returns with the response's headers.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        HttpClient client, Uri address, string type, byte[] body, Version? version = null, (string Name, string Value) more = default, bool encode = true)
    {
        var isText = type.StartsWith(Text, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(isText && encode ? Encoding.ASCII.GetBytes(Convert.ToBase64String(body)) : body),
            Version = version ?? HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        request.Headers.Add("X-Grpc-Web", "1");
        if (more.Name is not null) request.Headers.Add(more.Name, more.Value);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>The messages of a response and the trailers in its last frame.</summary>
    public static async Task<(List<byte[]> Messages, Dictionary<string, string> Trailers)> Read(HttpResponseMessage response) =>
        Split(Decode(response.Content.Headers.ContentType!.MediaType!, await response.Content.ReadAsByteArrayAsync()));

    /// <summary>The bytes of a body that may be base64.</summary>
    public static byte[] Decode(string type, byte[] body)
    {
        if (!type.StartsWith(Text, StringComparison.Ordinal)) return body;
        var decoded = new List<byte>();
        // Padding may come in the middle: group by group.
        for (var i = 0; i < body.Length; i += 4) decoded.AddRange(Convert.FromBase64String(Encoding.ASCII.GetString(body, i, 4)));
        return [.. decoded];
    }

    /// <summary>Takes a body apart.</summary>
    public static (List<byte[]> Messages, Dictionary<string, string> Trailers) Split(byte[] body)
    {
        var messages = new List<byte[]>();
        var trailers = new Dictionary<string, string>();
        for (var at = 0; at < body.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at + 1));
            var payload = body.AsSpan(at + 5, length).ToArray();
            if (body[at] != 0x80)
            {
                messages.Add(payload);
            }
            else
            {
                foreach (var line in Encoding.ASCII.GetString(payload).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
                    trailers.Add(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            }

            at += 5 + length;
        }

        return (messages, trailers);
    }
}
