namespace RouteGuide.Interop.Cli;

/// <summary>What the interop server is started with.</summary>
/// <param name="Port">Where it listens, on all interfaces; 0 for any free port.</param>
/// <param name="CertificateFile">Its certificate as PEM; null for plaintext HTTP/2.</param>
/// <param name="KeyFile">The certificate's key as PEM.</param>
internal sealed record ServerSettings(int Port, string? CertificateFile, string? KeyFile)
{
    /// <exception cref="UsageException">The command line cannot be used.</exception>
    public static ServerSettings Parse(IReadOnlyList<string> args)
    {
        var flags = Flags.Parse(args, ["port", "cert|tls_cert_file|cert_file", "key|tls_key_file|key_file"], ["use_tls|tls"]);
        var (certificate, key) = (flags.Text("cert"), flags.Text("key"));
        if (!flags.Switch("use_tls"))
        {
            if (!flags.IsSaidToBeOff("use_tls") && (certificate is not null || key is not null))
                throw new UsageException($"'{certificate ?? key}' is for TLS, which is off: add --use_tls.");
            return new ServerSettings(flags.Number("port", 8080, 0, 65_535), null, null);
        }

        if (certificate is null || key is null) throw new UsageException("--use_tls needs --cert and --key, each a PEM file.");
        return new ServerSettings(flags.Number("port", 8080, 0, 65_535), certificate, key);
    }
}
