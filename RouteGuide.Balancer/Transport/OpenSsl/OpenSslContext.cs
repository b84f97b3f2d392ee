using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Win32.SafeHandles;

namespace RouteGuide.Balancer.Transport.OpenSsl;

/// <summary>Which certificate a client sees.</summary>
internal interface IContextChoice
{
    /// <param name="serverName">As the client wrote it; empty if it named none.</param>
    OpenSslContext For(string serverName);
}

/// <summary>What all connections with one certificate share (SSL_CTX): the certificate with its chain and key, versions, protocols.</summary>
internal sealed unsafe class OpenSslContext : SafeHandleZeroOrMinusOneIsInvalid
{
    // With HTTP/2 all others of TLS 1.2 are forbidden (RFC 9113 section 9.2.2); those of TLS 1.3 are all right.
    private static ReadOnlySpan<byte> Ciphers => "ECDHE+AESGCM:ECDHE+CHACHA20\0"u8;

    /// <summary>Nothing yet.</summary>
    public OpenSslContext()
        : base(ownsHandle: true)
    {
    }

    /// <summary>The context of a certificate; null if this library is not there, or cannot use the certificate or its key.</summary>
    public static OpenSslContext? TryMake(SslStreamCertificateContext certificate)
    {
        if (!Native.IsAvailable) return null;
        using var key = KeyOf(certificate.TargetCertificate);
        if (key is null) return null;

        var context = new OpenSslContext();
        context.SetHandle(Native.SSL_CTX_new(Native.TLS_server_method()));
        try
        {
            Require(!context.IsInvalid);
            context.Configure(certificate, key);
            return context;
        }
        catch (CryptographicException)
        {
            // SslStream may know better; if not, it is what says so to whoever connects.
            context.Dispose();
            return null;
        }
    }

    /// <summary>The context itself, counted by whatever is made of it while this object lives.</summary>
    public nint Pointer => handle;

    protected override bool ReleaseHandle()
    {
        Native.SSL_CTX_free(handle);
        return true;
    }

    private static SafeEvpPKeyHandle? KeyOf(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey();
        return key switch
        {
            ECDsaOpenSsl ecdsa => ecdsa.DuplicateKeyHandle(),
            RSAOpenSsl rsa => rsa.DuplicateKeyHandle(),
            _ => null,
        };
    }

    private void Configure(SslStreamCertificateContext certificate, SafeEvpPKeyHandle key)
    {
        Require(Native.SSL_CTX_ctrl(handle, Native.MinimumVersionControl, Native.Tls12, 0) == 1);
        _ = Native.SSL_CTX_set_options(handle, Native.NoCompression | Native.NoRenegotiation | Native.ServerPreference);
        // A connection between two records holds no buffer: the better part of what an idle one would cost.
        _ = Native.SSL_CTX_ctrl(handle, Native.ModeControl, Native.ReleaseBuffers, 0);
        // Sessions are resumed by tickets, which the clients keep. One each: whoever speaks HTTP/2 seldom opens two connections at once.
        _ = Native.SSL_CTX_set_num_tickets(handle, 1);
        _ = Native.SSL_CTX_ctrl(handle, Native.SessionCacheControl, 0, 0);
        fixed (byte* ciphers = Ciphers) Require(Native.SSL_CTX_set_cipher_list(handle, ciphers) == 1);

        var leaf = Parse(certificate.TargetCertificate);
        var isUsed = Native.SSL_CTX_use_certificate(handle, leaf) == 1;
        Native.X509_free(leaf);
        Require(isUsed);
        Require(Native.SSL_CTX_use_PrivateKey(handle, key.DangerousGetHandle()) == 1);
        Require(Native.SSL_CTX_check_private_key(handle) == 1);
        foreach (var other in certificate.IntermediateCertificates)
        {
            var intermediate = Parse(other);
            // The context counts it too (add1).
            var isAdded = Native.SSL_CTX_ctrl(handle, Native.ChainCertificateControl, 1, intermediate) == 1;
            Native.X509_free(intermediate);
            Require(isAdded);
        }

        Native.SSL_CTX_set_alpn_select_cb(handle, &OnProtocols, 0);
        _ = Native.SSL_CTX_callback_ctrl(handle, Native.ServerNameCallbackControl, &OnServerName);
    }

    private static nint Parse(X509Certificate2 certificate)
    {
        fixed (byte* octets = certificate.RawDataMemory.Span)
        {
            var at = octets;
            var parsed = Native.d2i_X509(0, &at, certificate.RawDataMemory.Length);
            Require(parsed != 0);
            return parsed;
        }
    }

    private static void Require(bool holds)
    {
        if (!holds) throw new CryptographicException($"OpenSSL: {Native.TakeError()}");
    }

    // RFC 7301 section 3.2: one of the client's, by our preference; without any in common the handshake fails.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnProtocols(nint ssl, byte** chosen, byte* chosenLength, byte* offered, uint length, nint state)
    {
        byte* http11 = null;
        for (var at = 0u; at < length && at + 1 + offered[at] <= length; at += 1u + offered[at])
        {
            var name = new ReadOnlySpan<byte>(offered + at + 1, offered[at]);
            if (name.SequenceEqual("h2"u8))
            {
                *chosen = offered + at + 1;
                *chosenLength = offered[at];
                return Native.ExtensionOk;
            }

            if (name.SequenceEqual("http/1.1"u8)) http11 = offered + at;
        }

        if (http11 is null) return Native.ExtensionFatal;
        *chosen = http11 + 1;
        *chosenLength = *http11;
        return Native.ExtensionOk;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnServerName(nint ssl, int* alert, nint state)
    {
        try
        {
            var name = Native.SSL_get_servername(ssl, 0);
            if (name == 0) return Native.ExtensionIgnored;
            // The one that the connection began with is the one for clients without a name.
            return OpenSslSession.ChooseContext(ssl, Marshal.PtrToStringUTF8(name)!) ? Native.ExtensionOk : Native.ExtensionIgnored;
        }
        catch (Exception e)
        {
            // No exception may cross the library; the handshake fails, and the session throws it.
            OpenSslSession.FailCurrent(e);
            return Native.ExtensionFatal;
        }
    }
}
