using System.Text.Encodings.Web;

namespace Fleet.Core.Jobs;

/// <summary>The values of a run's secrets, to be cut out of texts that its handler writes: errors, log lines, outputs.</summary>
/// <remarks>A value is found as it is, as JSON writes it, and as a URL has it. Encoded in another way, or in pieces, it is not
/// found.</remarks>
public sealed class SecretValues
{
    /// <summary>Minimum length of a value, in characters, that is cut out: shorter ones stand in ordinary words.</summary>
    public const int MinLength = 4;

    private readonly string[] _values;

    private SecretValues(string[] values) => _values = values;

    /// <summary>No values.</summary>
    public static SecretValues None { get; } = new([]);

    /// <summary>True if there is nothing to cut out.</summary>
    public bool AreNone => _values.Length == 0;

    internal static SecretValues Of(IEnumerable<string> values)
    {
        string[] all =
        [
            .. values.Where(v => v.Length >= MinLength).SelectMany(FormsOf).Distinct(StringComparer.Ordinal)
                // A value may contain another.
                .OrderByDescending(v => v.Length),
        ];
        return all.Length == 0 ? None : new SecretValues(all);
    }

    /// <summary>Puts <see cref="SecretAttribute.Redacted"/> in the place of each value.</summary>
    /// <returns>The same text when it has none.</returns>
    public string CutOf(string text)
    {
        foreach (var value in _values)
            text = text.Replace(value, SecretAttribute.Redacted, StringComparison.Ordinal);
        return text;
    }

    private static IEnumerable<string> FormsOf(string value) =>
    [
        value,
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value),
        JavaScriptEncoder.Default.Encode(value),
        Uri.EscapeDataString(value),
        value.Replace("\r\n", "\n", StringComparison.Ordinal),
    ];
}
