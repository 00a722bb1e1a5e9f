using System.Globalization;
using System.Text;

namespace Fleet.Core.Text;

/// <summary>Characters in foreign text that would change how a line is read: they end it, move the cursor, recolour the terminal or turn
/// the reading direction. In a log they would forge lines.</summary>
public static class ControlCharacters
{
    public static bool Contains(char c) => Shown.Controls.Contains(c);

    /// <summary>True when the text has any of them.</summary>
    public static bool AreIn(ReadOnlySpan<char> text) => text.ContainsAny(Shown.Controls);

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
}
