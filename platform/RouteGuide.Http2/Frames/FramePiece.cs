namespace RouteGuide.Http2.Frames;

/// <summary>
/// What the reader hands out: a whole frame, or a part of a DATA frame. DATA is passed on as it arrives, so that nothing of it
/// is ever buffered here; frames of unknown type are skipped and never handed out, only counted.
/// </summary>
internal ref struct FramePiece
{
    public FrameHeader Header;

    /// <summary>Of DATA: the content that is here now, without padding. Of others: the whole payload, padding included.</summary>
    public ReadOnlySpan<byte> Payload;

    /// <summary>The first piece of its frame; always true but for DATA.</summary>
    public bool IsFirst;

    /// <summary>No more content follows in this frame (padding may).</summary>
    public bool IsLast;

    /// <summary>DATA: octets of the frame that are not content (pad length and padding).</summary>
    public int Overhead;
}
