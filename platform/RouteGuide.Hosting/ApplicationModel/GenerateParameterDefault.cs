using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Makes a random value, of those kinds of characters that are allowed, and of each as many as are asked for.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    // Without those that are taken for each other when a person reads them.
    private const string LowerCase = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperCase = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    private const string Marks = "-_.{}~()*+!";
    private const int UsualLength = 22;

    /// <summary>The least number of characters; 0 means 22.</summary>
    public int MinLength { get; set; }

    /// <summary>Whether there may be small letters.</summary>
    public bool Lower { get; set; } = true;

    /// <summary>Whether there may be capitals.</summary>
    public bool Upper { get; set; } = true;

    /// <summary>Whether there may be digits.</summary>
    public bool Numeric { get; set; } = true;

    /// <summary>Whether there may be other characters: <c>-_.{}~()*+!</c>, which neither a shell's variable nor a url's user part ends at.</summary>
    public bool Special { get; set; } = true;

    /// <summary>The least number of small letters.</summary>
    public int MinLower { get; set; }

    /// <summary>The least number of capitals.</summary>
    public int MinUpper { get; set; }

    /// <summary>The least number of digits.</summary>
    public int MinNumeric { get; set; }

    /// <summary>The least number of other characters.</summary>
    public int MinSpecial { get; set; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Nothing is allowed, or characters are asked for that are not allowed.</exception>
    public override string GetDefaultValue()
    {
        var kinds = new[] { (Lower, LowerCase, MinLower, nameof(MinLower)), (Upper, UpperCase, MinUpper, nameof(MinUpper)), (Numeric, Digits, MinNumeric, nameof(MinNumeric)), (Special, Marks, MinSpecial, nameof(MinSpecial)) };
        var value = new List<char>();
        foreach (var (isAllowed, letters, least, name) in kinds)
        {
            if (least < 0 || (least > 0 && !isAllowed)) throw new InvalidOperationException($"{name} is {least}, {(least < 0 ? "which is less than 0" : "and such characters are not allowed")}.");
            value.AddRange(RandomNumberGenerator.GetItems<char>(letters, least));
        }

        var all = string.Concat(kinds.Where(kind => kind.Item1).Select(kind => kind.Item2));
        if (all.Length == 0) throw new InvalidOperationException("No kind of character is allowed for the value.");
        var length = MinLength > 0 ? MinLength : UsualLength;
        value.AddRange(RandomNumberGenerator.GetItems<char>(all, Math.Max(0, length - value.Count)));
        var mixed = value.ToArray();
        RandomNumberGenerator.Shuffle<char>(mixed);
        return new string(mixed);
    }
}
