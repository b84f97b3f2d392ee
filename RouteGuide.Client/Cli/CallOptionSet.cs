using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Core;

namespace RouteGuide.Client.Cli;

/// <summary>The options that calls by reflection have in common: metadata, and how long they may take.</summary>
internal sealed class CallOptionSet
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    private readonly Option<Metadata> _headers = new("--header", "-H")
    {
        Description = "Metadata to send, 'name: value'; may be given several times. The value of a name that ends in -bin is base64.",
        HelpName = "name: value",
        CustomParser = ParseHeaders,
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<TimeSpan?> _timeout = new("--timeout")
    {
        Description = "How long the call may take: 30s, 500ms, 2m or a number of seconds; 0 for no limit. [default: 30s]",
        HelpName = "time",
        CustomParser = Parsing.Time,
    };

    public IEnumerable<Option> All => [_headers, _timeout];

    public Metadata Headers(ParseResult parsed) => parsed.GetRequiredValue(_headers);

    public TimeSpan? Timeout(ParseResult parsed) => parsed.GetResult(_timeout) is null ? DefaultTimeout : Parsing.Limit(parsed.GetValue(_timeout));

    private static Metadata ParseHeaders(ArgumentResult result)
    {
        var headers = new Metadata();
        foreach (var token in result.Tokens)
        {
            var colon = token.Value.IndexOf(':', 1);
            var (name, value) = colon < 0 ? ("", "") : (token.Value[..colon].Trim().ToLowerInvariant(), token.Value[(colon + 1)..].Trim());
            try
            {
                if (name.StartsWith("grpc-", StringComparison.Ordinal) || name.Length == 0 || value.Any(c => c is < ' ' or > '~')) throw new FormatException();
                headers.Add(name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal) ? new Metadata.Entry(name, Convert.FromBase64String(value)) : new Metadata.Entry(name, value));
            }
            catch (Exception problem) when (problem is ArgumentException or FormatException)
            {
                result.AddError($"--header: '{token.Value}' is not 'name: value' in ASCII, with base64 for a name that ends in -bin, and no name that begins with grpc-.");
            }
        }

        return headers;
    }
}
