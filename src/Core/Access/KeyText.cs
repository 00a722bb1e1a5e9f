using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Fleet.Core.Access;

/// <summary>The text of an API key: <c>flt_</c>, an id of 8 characters, <c>_</c>, a secret of 43 (256 bits), and a checksum of 6, by which
/// a mistyped key and a find of a secret scanner are told without the database.</summary>
/// <param name="Id">Names the key. It is no secret.</param>
/// <param name="Text">The whole key, which is shown once and not stored.</param>
public sealed partial record KeyText(string Id, string Text)
{
    /// <summary>What a secret scanner looks for.</summary>
    public const string Pattern = "flt_[a-z2-7]{8}_[A-Za-z0-9_-]{49}";

    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";
    private const int IdLength = 8;
    private const int SecretBytes = 32;
    private const int ChecksumLength = 6;

    /// <summary>Makes a new key.</summary>
    public static KeyText New()
    {
        var id = RandomNumberGenerator.GetString(Letters, IdLength);
        var body = $"flt_{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";
        return new KeyText(id, body + Checksum(body));
    }

    /// <summary>Reads what somebody sent.</summary>
    /// <returns>Null when it is no key, or was mistyped or cut.</returns>
    public static KeyText? Parse(string? text) => text is not null && Whole().Match(text) is { Success: true } match
        && text[^ChecksumLength..] == Checksum(text[..^ChecksumLength])
        ? new KeyText(match.Groups["id"].Value, text)
        : null;

    /// <summary>What the row keeps: the SHA-256 of the whole text. The secret has 256 random bits, so it needs no slow hash.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Text));

    /// <summary>Not the text: what is printed by accident shows no secret.</summary>
    public override string ToString() => $"flt_{Id}_…";

    private static string Checksum(string body) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(body)))[..ChecksumLength];

    [GeneratedRegex(@"\Aflt_(?<id>[a-z2-7]{8})_[A-Za-z0-9_-]{49}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Whole();
}
