namespace RouteGuide.Http2;

/// <summary>Which end of the connection this is: it decides who opens streams and what the first bytes are.</summary>
internal enum Http2Role
{
    /// <summary>Towards a client: receives the preface, requests and odd stream ids.</summary>
    Server,

    /// <summary>Towards a target: sends the preface and opens streams.</summary>
    Client,
}
