namespace RouteGuide.Http2.Frames;

/// <summary>The settings of RFC 9113 section 6.5.2. Unknown ones are ignored (section 6.5.3).</summary>
internal enum SettingId : ushort
{
    HeaderTableSize = 0x1,
    EnablePush = 0x2,
    MaxConcurrentStreams = 0x3,
    InitialWindowSize = 0x4,
    MaxFrameSize = 0x5,
    MaxHeaderListSize = 0x6,

    /// <summary>RFC 8441. Never sent; accepted from a peer and not used, as extended CONNECT is refused.</summary>
    EnableConnectProtocol = 0x8,
}
