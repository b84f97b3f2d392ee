using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Http2;

/// <summary>SETTINGS in both directions (RFC 9113 section 6.5): ours are sent once, at the beginning; the peer's may come at any time.</summary>
internal sealed class SettingsExchange(ConnectionCore core, MessageReceiver messages)
{
    private long _sentMs = -1; // -1: acknowledged, or not sent yet

    /// <summary>The peer's first SETTINGS have come; nothing else may come before them (section 3.4).</summary>
    public bool IsPeerKnown { get; private set; }

    public void Announce()
    {
        var limits = core.Limits;
        Span<(SettingId, uint)> settings = stackalloc (SettingId, uint)[6];
        var count = 0;
        if (core.Role == Http2Role.Client) settings[count++] = (SettingId.EnablePush, 0);
        else settings[count++] = (SettingId.MaxConcurrentStreams, (uint)limits.MaxConcurrentStreams);
        settings[count++] = (SettingId.InitialWindowSize, (uint)limits.StreamWindow);
        settings[count++] = (SettingId.MaxHeaderListSize, (uint)limits.MaxHeaderListSize);
        if (limits.MaxFrameSize != FrameRules.MinMaxFrameSize) settings[count++] = (SettingId.MaxFrameSize, (uint)limits.MaxFrameSize);
        if (limits.DecoderTableSize != HpackEncoder.InitialTableSize) settings[count++] = (SettingId.HeaderTableSize, (uint)limits.DecoderTableSize);
        core.Writer.WriteSettings(settings[..count]);
        _sentMs = core.NowMs;
    }

    public void OnSettings(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Has(FrameFlags.Ack))
        {
            OnAck();
            return;
        }

        core.Budget.Spend(AbuseKind.Settings, 1, core.NowMs);
        var window = core.Peer.InitialWindowSize;
        core.Peer.Apply(payload, fromServer: core.Role == Http2Role.Client);
        core.Sender.SetTableLimit(core.Peer.HeaderTableSize);
        if (core.Peer.InitialWindowSize != window) ChangeWindows(core.Peer.InitialWindowSize - window);
        core.Writer.WriteSettingsAck();
        core.CheckOutput();
        IsPeerKnown = true;
        core.Sender.Pump();
        core.Handler.OnPeerSettings();
    }

    /// <exception cref="Http2ConnectionException">SETTINGS_TIMEOUT.</exception>
    public void CheckTimeout()
    {
        if (_sentMs >= 0 && core.NowMs - _sentMs > core.Limits.SettingsTimeoutMs)
            throw new Http2ConnectionException(Http2ErrorCode.SettingsTimeout, $"SETTINGS not acknowledged within {core.Limits.SettingsTimeoutMs} ms");
    }

    private void OnAck()
    {
        if (_sentMs < 0) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, "acknowledgement of SETTINGS that were not sent");
        _sentMs = -1;
        messages.SetTableLimit(core.Limits.DecoderTableSize);
        core.Credit.OnSettingsAcknowledged();
    }

    // Section 6.9.2: the windows of all streams change by the difference, some perhaps below zero; an overflow is an error of the connection.
    private void ChangeWindows(int difference)
    {
        var streams = core.CopyStreams();
        foreach (var stream in streams)
        {
            if (!core.Sender.TryGrantStream(stream, difference))
                throw new Http2ConnectionException(Http2ErrorCode.FlowControlError, $"SETTINGS_INITIAL_WINDOW_SIZE overflows the window of stream {stream.Id}");
        }

        streams.Clear();
    }
}
