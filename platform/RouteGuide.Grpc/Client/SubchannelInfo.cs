using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>How a channel stands to one server, for people to look at. Not part of the official client.</summary>
/// <param name="Address">The server's address, or its addresses.</param>
/// <param name="State">How it is connected, and healthy if that is watched; null if the channel cannot see it.</param>
/// <param name="Detail">Why it gets no calls, if it gets none.</param>
/// <param name="CallsInFlight">Calls that run.</param>
/// <param name="CallsStarted">Calls that were sent, each attempt counted.</param>
/// <param name="CallsFailed">Those that did not end with OK.</param>
public sealed record SubchannelInfo(string Address, ConnectivityState? State, string Detail, long CallsInFlight, long CallsStarted, long CallsFailed);
