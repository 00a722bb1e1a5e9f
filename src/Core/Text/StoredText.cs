namespace Fleet.Core.Text;

/// <summary>Text from handlers and people, as every database can store it: PostgreSQL refuses NUL, and half of a surrogate
/// pair is no UTF-8. A run whose error could not be written would never end.</summary>
public static class StoredText
{
    /// <summary>The first characters of a text, with U+FFFD in the place of what cannot be stored.</summary>
    public static string Cut(string text, int length)
    {
        var cut = text.Length > length ? text[..length] : text;
        for (var i = 0; i < cut.Length; i++)
        {
            if (cut[i] == '\0' || char.IsSurrogate(cut[i]))
                return Clean(cut);
        }

        return cut;
    }

    private static string Clean(string text)
    {
        var clean = text.ToCharArray();
        for (var i = 0; i < clean.Length; i++)
        {
            if (char.IsHighSurrogate(clean[i]) && i + 1 < clean.Length && char.IsLowSurrogate(clean[i + 1]))
                i++;
            else if (clean[i] == '\0' || char.IsSurrogate(clean[i]))
                clean[i] = '\uFFFD';
        }

        return new string(clean);
    }
}
