using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Who calls, in the words of gRPC.</summary>
internal static class PeerDescription
{
    private const string AlternativeName = "x509_subject_alternative_name";
    private const string CommonName = "x509_common_name";

    private static readonly AuthContext Unauthenticated = new(null, []);

    /// <summary>The address as a gRPC target, for example <c>ipv4:10.0.0.1:50051</c>.</summary>
    public static string Address(IPAddress? address, int port) => address?.AddressFamily switch
    {
        AddressFamily.InterNetwork => $"ipv4:{address}:{port}",
        AddressFamily.InterNetworkV6 => $"ipv6:[{address}]:{port}",
        _ => "unknown",
    };

    /// <summary>What a client certificate proves: the names it was issued for, and its common name if there are none.</summary>
    public static AuthContext Authenticate(X509Certificate2? certificate)
    {
        if (certificate is null) return Unauthenticated;

        var properties = new Dictionary<string, List<AuthProperty>>();
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames())
            .Select(name => AuthProperty.Create(AlternativeName, Encoding.UTF8.GetBytes(name)))
            .ToList();
        if (alternatives.Count > 0) properties.Add(AlternativeName, alternatives);

        var commonName = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        if (commonName.Length > 0) properties.Add(CommonName, [AuthProperty.Create(CommonName, Encoding.UTF8.GetBytes(commonName))]);

        var identity = alternatives.Count > 0 ? AlternativeName : commonName.Length > 0 ? CommonName : null;
        return new AuthContext(identity, properties);
    }
}
