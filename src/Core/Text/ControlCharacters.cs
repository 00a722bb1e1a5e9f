using System.Buffers;
using System.Globalization;
using System.Text;

namespace Fleet.Core.Text;

/// <summary>Characters in foreign text that would change how a line is read: they end it, move the cursor, recolour the terminal or turn
/// the reading direction. In a log they would forge lines.</summary>
public static class ControlCharacters
{
    // C0, DEL and C1; line and paragraph separators; marks, embeddings and isolates of bidirectional text.
    private static readonly SearchValues<char> All = SearchValues.Create(
    [
        .. Range('\0', '\u001F'), .. Range('\u007F', '\u009F'), '\u061C', '\u200E', '\u200F', .. Range('\u2028', '\u202E'),
        .. Range('\u2066', '\u2069'), '\uFEFF',
    ]);

    public static bool Contains(char c) => All.Contains(c);

    /// <summary>True when the text has any of them.</summary>
    public static bool AreIn(ReadOnlySpan<char> text) => text.ContainsAny(All);

    /// <summary>The text in one line, with each of them written as in C#: <c>\n</c>, <c>\r</c>, <c>\t</c>, <c>\u001b</c>.</summary>
    public static string Escape(string text)
    {
        if (!AreIn(text))
            return text;
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => escaped.Append(@"\n"),
                '\r' => escaped.Append(@"\r"),
                '\t' => escaped.Append(@"\t"),
                _ when Contains(c) => escaped.Append(CultureInfo.InvariantCulture, $@"\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    /// <summary>The same for each line of a text that is meant to have several.</summary>
    public static string EscapeLines(string text) =>
        AreIn(text) ? string.Join(Environment.NewLine, text.ReplaceLineEndings("\n").Split('\n').Select(Escape)) : text;

    private static IEnumerable<char> Range(char first, char last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
