using Grpc.Internal;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What <see cref="GrpcServiceOptions"/> for all services start from.</summary>
internal sealed class DefaultGrpcServiceOptions : IConfigureOptions<GrpcServiceOptions>
{
    public void Configure(GrpcServiceOptions options)
    {
        if (!options.MaxReceiveMessageSizeSpecified) options.MaxReceiveMessageSize = MessagePrefix.DefaultMaxReceiveSize;
        if (options.CompressionProviders.Count == 0)
        {
            foreach (var provider in GrpcEncodings.CreateDefaultProviders()) options.CompressionProviders.Add(provider);
        }
    }
}
