using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Balancer.Transport.OpenSsl;
using RouteGuide.Http2.Transport.Tls;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>A certificate of the fronts, and the names that are given to it beside its own.</summary>
internal sealed record FrontCertificateSource(ReloadedFiles<LoadedCertificate> Files, IReadOnlyList<string> Hosts);

/// <summary>
/// TLS as clients meet it: which certificate they see, and what is asked of theirs. All of it is read anew for each handshake, so a change
/// reaches new connections and leaves the others alone.
/// </summary>
internal sealed class TlsFront
{
    private static readonly List<SslApplicationProtocol> Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    private readonly IReadOnlyList<FrontCertificateSource> _sources;
    private readonly ClientCertificates? _clients;
    private readonly Handshake _anyClient;
    private Choices _choices;

    /// <param name="sources">The first is for clients that name no host, or one that no certificate is for.</param>
    /// <param name="clients">Null if they are not asked for certificates.</param>
    public TlsFront(IReadOnlyList<FrontCertificateSource> sources, ClientCertificates? clients)
    {
        _sources = sources;
        _clients = clients;
        _anyClient = new Handshake(this);
        _choices = Choose();
    }

    /// <summary>All that comes from files.</summary>
    public IEnumerable<IReloaded> Files
    {
        get
        {
            foreach (var source in _sources) yield return source.Files;
            if (_clients?.Trust is { } trust) yield return trust;
        }
    }

    /// <summary>Takes over what was reloaded. One thread at a time.</summary>
    public void Refresh() => Volatile.Write(ref _choices, Choose());

    /// <summary>Set if connections can be secured by OpenSSL, without SslStream: it knows every certificate, and clients are not asked for theirs.</summary>
    public IContextChoice? OpenSsl => _clients is null && Volatile.Read(ref _choices) is { HasOpenSsl: true } choices ? choices : null;

    /// <summary>For one connection.</summary>
    public ITlsHandshake Begin() => _clients is null ? _anyClient : new ClientHandshake(this, _clients);

    /// <summary>The certificate that a client sees who names a host, for people.</summary>
    public string NameOf(string? serverName) => For(serverName ?? "").Name;

    private Choices Choose()
    {
        var all = _sources.Select(s => (s.Hosts, s.Files.Current.Names, Choice: new Choice(Options(s.Files.Current.Context), s.Files.Current.OpenSsl, s.Files.Current.ToString()))).ToList();
        // What the operator says comes before what the certificates say.
        var names = all.SelectMany(s => s.Hosts.Select(h => KeyValuePair.Create(h, s.Choice))).Concat(all.SelectMany(s => s.Names.Select(n => KeyValuePair.Create(n, s.Choice))));
        return new Choices(new ServerNames<Choice>(names), all[0].Choice, all.TrueForAll(s => s.Choice.OpenSsl is not null));
    }

    private Choice For(string serverName)
    {
        var choices = Volatile.Read(ref _choices);
        return choices.Names.Find(serverName) ?? choices.Default;
    }

    private static SslServerAuthenticationOptions Options(SslStreamCertificateContext? certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = Protocols,
        ClientCertificateRequired = false,
        AllowRenegotiation = false,
    };

    private sealed record Choice(SslServerAuthenticationOptions Options, OpenSslContext? OpenSsl, string Name);

    private sealed record Choices(ServerNames<Choice> Names, Choice Default, bool HasOpenSsl) : IContextChoice
    {
        OpenSslContext IContextChoice.For(string serverName) => (Names.Find(serverName) ?? Default).OpenSsl!;
    }

    /// <summary>Asks nothing of the client, and so knows nothing of it: one for all.</summary>
    private sealed class Handshake(TlsFront front) : ITlsHandshake
    {
        private static readonly ServerOptionsSelectionCallback Select = static (_, hello, state, _) => new(((Handshake)state!).Front.For(hello.ServerName).Options);

        public string? Refusal => null;

        private TlsFront Front { get; } = front;

        public Task Run(SslStream stream) => stream.AuthenticateAsServerAsync(Select, this, CancellationToken.None);
    }

    /// <summary>Asks a client for its certificate.</summary>
    private sealed class ClientHandshake(TlsFront front, ClientCertificates clients) : ITlsHandshake, IClientCertificate
    {
        public string? Refusal { get; private set; }

        public IReadOnlyList<ClientCertificateField> Fields { get; private set; } = [];

        public Task Run(SslStream stream) => stream.AuthenticateAsServerAsync((_, hello, _, _) => new(Options(hello.ServerName)), this, CancellationToken.None);

        private SslServerAuthenticationOptions Options(string serverName)
        {
            var options = TlsFront.Options(front.For(serverName).Options.ServerCertificateContext);
            options.ClientCertificateRequired = true;
            // A resumed session would be judged by what an older trust store, or an older certificate, was good for.
            options.AllowTlsResume = false;
            options.CertificateChainPolicy = clients.Policy();
            options.RemoteCertificateValidationCallback = Judge;
            return options;
        }

        private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            Refusal = clients.Judge(certificate as X509Certificate2, chain, errors, out var fields);
            Fields = fields;
            return Refusal is null;
        }
    }
}
