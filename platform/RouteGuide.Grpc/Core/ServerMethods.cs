namespace Grpc.Core;

/// <summary>Handles a unary call on the server.</summary>
/// <typeparam name="TRequest">The type of request messages.</typeparam>
/// <typeparam name="TResponse">The type of response messages.</typeparam>
/// <param name="request">The request.</param>
/// <param name="context">The call.</param>
public delegate Task<TResponse> UnaryServerMethod<TRequest, TResponse>(TRequest request, ServerCallContext context)
    where TRequest : class
    where TResponse : class;

/// <summary>Handles a client-streaming call on the server.</summary>
/// <typeparam name="TRequest">The type of request messages.</typeparam>
/// <typeparam name="TResponse">The type of response messages.</typeparam>
/// <param name="requestStream">The requests.</param>
/// <param name="context">The call.</param>
public delegate Task<TResponse> ClientStreamingServerMethod<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context)
    where TRequest : class
    where TResponse : class;

/// <summary>Handles a server-streaming call on the server.</summary>
/// <typeparam name="TRequest">The type of request messages.</typeparam>
/// <typeparam name="TResponse">The type of response messages.</typeparam>
/// <param name="request">The request.</param>
/// <param name="responseStream">For the responses.</param>
/// <param name="context">The call.</param>
public delegate Task ServerStreamingServerMethod<TRequest, TResponse>(
    TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context)
    where TRequest : class
    where TResponse : class;

/// <summary>Handles a call with a stream each way on the server.</summary>
/// <typeparam name="TRequest">The type of request messages.</typeparam>
/// <typeparam name="TResponse">The type of response messages.</typeparam>
/// <param name="requestStream">The requests.</param>
/// <param name="responseStream">For the responses.</param>
/// <param name="context">The call.</param>
public delegate Task DuplexStreamingServerMethod<TRequest, TResponse>(
    IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context)
    where TRequest : class
    where TResponse : class;
