using Google.Protobuf;

namespace Google.Rpc;

public sealed partial class Status
{
    /// <summary>The first detail of a type; null if there is none, or if it cannot be read.</summary>
    /// <typeparam name="T">The type of the detail, for example <see cref="BadRequest"/>.</typeparam>
    public T? GetDetail<T>()
        where T : class, IMessage<T>, new()
    {
        var descriptor = new T().Descriptor;
        foreach (var detail in Details)
        {
            if (!detail.Is(descriptor)) continue;
            try
            {
                return detail.Unpack<T>();
            }
            catch (InvalidProtocolBufferException)
            {
                // The peer's mistake in a detail must not hide the error that it is about.
                return null;
            }
        }

        return null;
    }
}
