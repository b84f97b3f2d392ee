namespace Grpc.Core;

/// <summary>The result of a call: a code, a text for people, and on the client what caused it.</summary>
public readonly struct Status
{
    /// <summary>Success without a text.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");

    /// <summary>Cancellation without a text.</summary>
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    private readonly string? _detail;

    /// <summary>Creates a status.</summary>
    /// <param name="statusCode">The code. Numbers outside the enumeration are kept as they are.</param>
    /// <param name="detail">A text for people; sent to the peer as <c>grpc-message</c>.</param>
    public Status(StatusCode statusCode, string detail)
        : this(statusCode, detail, null)
    {
    }

    /// <summary>Creates a status that remembers its cause.</summary>
    /// <param name="statusCode">The code.</param>
    /// <param name="detail">A text for people; sent to the peer as <c>grpc-message</c>.</param>
    /// <param name="debugException">The local exception behind the status. It never travels to the peer.</param>
    public Status(StatusCode statusCode, string detail, Exception? debugException)
    {
        StatusCode = statusCode;
        _detail = detail;
        DebugException = debugException;
    }

    /// <summary>The code.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>The text for people; empty if there is none.</summary>
    public string Detail => _detail ?? "";

    /// <summary>The local exception behind the status, if any.</summary>
    public Exception? DebugException { get; }

    /// <summary>The code, the text and, if there is one, the type and message of <see cref="DebugException"/>.</summary>
    public override string ToString() => DebugException is null
        ? $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\")"
        : $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\", DebugException=\"{DebugException.GetType()}: {DebugException.Message}\")";
}
