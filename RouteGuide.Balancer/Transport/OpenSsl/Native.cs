using System.Runtime.InteropServices;

namespace RouteGuide.Balancer.Transport.OpenSsl;

/// <summary>The functions of OpenSSL 3 that are used, as its manual pages have them. The framework's own cryptography on Linux stands on the same library.</summary>
internal static unsafe class Native
{
    private const string Ssl = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";

    // ssl.h, tls1.h, bio.h
    public const int ModeControl = 33;
    public const int SessionCacheControl = 44;
    public const int ServerNameCallbackControl = 53;
    public const int ChainCertificateControl = 89;
    public const int MinimumVersionControl = 123;
    public const int ReleaseBuffers = 0x10;
    public const int Tls12 = 0x0303;
    public const ulong NoCompression = 1ul << 17;
    public const ulong ServerPreference = 1ul << 22;
    public const ulong NoRenegotiation = 1ul << 30;
    public const int ErrorWantRead = 2;
    public const int ErrorZeroReturn = 6;
    public const int ExtensionOk = 0;
    public const int ExtensionFatal = 2;
    public const int ExtensionIgnored = 3;
    public const int BioFlush = 11;
    public const int BioReadRetry = 0x01 | 0x08;
    public const int BioRetryMask = 0x0f;
    public const int BioSourceSink = 0x0400;

    private static readonly Lazy<bool> Loaded = new(() => OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Crypto, out _) && NativeLibrary.TryLoad(Ssl, out _));

    /// <summary>The library is there.</summary>
    public static bool IsAvailable => Loaded.Value;

    /// <summary>Why the last call failed, for people; takes all that the thread's queue of errors has.</summary>
    public static string TakeError()
    {
        var first = ERR_get_error();
        ERR_clear_error();
        return first == 0 ? "the connection ended" : Marshal.PtrToStringUTF8(ERR_reason_error_string(first)) ?? $"error {first:x}";
    }

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint TLS_server_method();

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_CTX_new(nint method);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SSL_CTX_free(nint context);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_CTX_ctrl(nint context, int command, nint number, nint pointer);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_CTX_callback_ctrl(nint context, int command, delegate* unmanaged[Cdecl]<nint, int*, nint, int> callback);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern ulong SSL_CTX_set_options(nint context, ulong options);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_CTX_set_cipher_list(nint context, byte* list);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_CTX_set_num_tickets(nint context, nuint count);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_CTX_use_certificate(nint context, nint certificate);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_CTX_use_PrivateKey(nint context, nint key);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_CTX_check_private_key(nint context);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SSL_CTX_set_alpn_select_cb(nint context, delegate* unmanaged[Cdecl]<nint, byte**, byte*, byte*, uint, nint, int> callback, nint state);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_new(nint context);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SSL_free(nint ssl);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SSL_set_bio(nint ssl, nint read, nint write);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SSL_set_accept_state(nint ssl);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_set_SSL_CTX(nint ssl, nint context);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_get_version(nint ssl);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_get_current_cipher(nint ssl);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_CIPHER_get_name(nint cipher);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_do_handshake(nint ssl);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_read(nint ssl, byte* buffer, int count);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_write(nint ssl, byte* buffer, int count);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_shutdown(nint ssl);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SSL_get_error(nint ssl, int result);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SSL_get0_alpn_selected(nint ssl, byte** protocol, uint* length);

    [DllImport(Ssl), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint SSL_get_servername(nint ssl, int type);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint d2i_X509(nint reuse, byte** octets, nint length);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void X509_free(nint certificate);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint BIO_meth_new(int type, byte* name);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int BIO_meth_set_read(nint method, delegate* unmanaged[Cdecl]<nint, byte*, int, int> callback);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int BIO_meth_set_write(nint method, delegate* unmanaged[Cdecl]<nint, byte*, int, int> callback);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int BIO_meth_set_ctrl(nint method, delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint> callback);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint BIO_new(nint method);

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void BIO_set_init(nint bio, int init);

    [DllImport(Crypto), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void BIO_set_flags(nint bio, int flags);

    [DllImport(Crypto), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void BIO_clear_flags(nint bio, int flags);

    [DllImport(Crypto), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern ulong ERR_peek_error();

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern ulong ERR_get_error();

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void ERR_clear_error();

    [DllImport(Crypto), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint ERR_reason_error_string(ulong error);
}
