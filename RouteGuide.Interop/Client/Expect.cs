using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Testing;

namespace RouteGuide.Interop.Client;

/// <summary>What a case asserts. A failure names the value and what it should have been.</summary>
internal static class Expect
{
    /// <exception cref="InteropFailureException">The values differ.</exception>
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) throw new InteropFailureException($"{what} is '{actual}' and should be '{expected}'.");
    }

    /// <summary>The payload is there, of the type that is asked for, and has that many zeros.</summary>
    /// <exception cref="InteropFailureException">It is not so.</exception>
    public static void Zeros(int size, Payload? payload)
    {
        if (payload is null) throw new InteropFailureException("A response has no payload.");
        Equal(PayloadType.Compressable, payload.Type);
        Equal(size, payload.Body.Length);
        if (payload.Body.Span.ContainsAnyExcept((byte)0)) throw new InteropFailureException($"The payload of {size} bytes should be zeros and is not.");
    }

    /// <summary>The work fails with this code; returns the status.</summary>
    /// <exception cref="InteropFailureException">It does not fail, or with another code.</exception>
    public static async Task<Status> FailsAsync(StatusCode code, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RpcException e) when (e.StatusCode == code)
        {
            return e.Status;
        }
        catch (RpcException e)
        {
            throw new InteropFailureException($"The call ended with {e.Status} and should have ended with {code}.");
        }

        throw new InteropFailureException($"The call succeeded and should have ended with {code}.");
    }
}
