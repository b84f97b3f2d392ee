using System.Text;

namespace Grpc.Core;

public sealed partial class Metadata
{
    /// <summary>One key with one value. Keys that end in <see cref="BinaryHeaderSuffix"/> hold bytes, all others hold text.</summary>
    public class Entry
    {
        private readonly string? _text;
        private readonly byte[]? _bytes;

        /// <summary>Creates a binary entry.</summary>
        /// <param name="key">The key, ending in <c>-bin</c>; lower-cased if it is not.</param>
        /// <param name="valueBytes">The value; copied.</param>
        /// <exception cref="ArgumentNullException">An argument is null.</exception>
        /// <exception cref="ArgumentException">The key has other characters than <c>[a-z0-9._-]</c>, or does not end in <c>-bin</c>.</exception>
        public Entry(string key, byte[] valueBytes)
            : this(MetadataKey.Normalize(key), null, Copy(valueBytes))
        {
            if (!MetadataKey.IsBinary(Key))
                throw new ArgumentException($"The key '{Key}' holds text: a key for bytes ends in '{BinaryHeaderSuffix}'.", nameof(key));
        }

        /// <summary>Creates a text entry.</summary>
        /// <param name="key">The key, not ending in <c>-bin</c>; lower-cased if it is not.</param>
        /// <param name="value">The value.</param>
        /// <exception cref="ArgumentNullException">An argument is null.</exception>
        /// <exception cref="ArgumentException">The key has other characters than <c>[a-z0-9._-]</c>, or ends in <c>-bin</c>.</exception>
        public Entry(string key, string value)
            : this(MetadataKey.Normalize(key), value ?? throw new ArgumentNullException(nameof(value)), null)
        {
            if (MetadataKey.IsBinary(Key))
                throw new ArgumentException($"The key '{Key}' holds bytes: give the value as a byte array.", nameof(key));
        }

        private Entry(string key, string? text, byte[]? bytes)
        {
            Key = key;
            _text = text;
            _bytes = bytes;
        }

        /// <summary>The key, in lower case.</summary>
        public string Key { get; }

        /// <summary>The value's bytes, as a copy; for a text entry, its ASCII bytes.</summary>
        public byte[] ValueBytes => _bytes is null ? Encoding.ASCII.GetBytes(_text!) : Copy(_bytes);

        /// <summary>The value's text.</summary>
        /// <exception cref="InvalidOperationException">The entry is binary.</exception>
        public string Value => _text ?? throw new InvalidOperationException($"The entry '{Key}' is binary: read {nameof(ValueBytes)}.");

        /// <summary>Whether the value is bytes.</summary>
        public bool IsBinary => _bytes is not null;

        /// <summary>The bytes of a binary entry, not copied: for those who only read.</summary>
        internal ReadOnlySpan<byte> BinaryValue => _bytes;

        /// <summary>The entry for people to read.</summary>
        public override string ToString() =>
            IsBinary ? $"[Entry: key={Key}, valueBytes={Convert.ToHexString(_bytes!)}]" : $"[Entry: key={Key}, value={_text}]";

        /// <summary>An entry received from a peer: the key is known to be a valid lower-case one for text.</summary>
        internal static Entry TrustedText(string key, string value) => new(key, value, null);

        /// <summary>An entry received from a peer: the key is known to be a valid lower-case one for bytes, the array belongs to the entry from now on.</summary>
        internal static Entry TrustedBinary(string key, byte[] value) => new(key, null, value);

        private static byte[] Copy(byte[] bytes)
        {
            ArgumentNullException.ThrowIfNull(bytes);
            return bytes.AsSpan().ToArray();
        }
    }
}
