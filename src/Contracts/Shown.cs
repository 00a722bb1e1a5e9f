using System.Buffers;

namespace Fleet;

/// <summary>Values as error messages show them.</summary>
internal static class Shown
{
    /// <summary>Characters in foreign text that would change how a line is read: C0, DEL and C1; line and paragraph separators; marks,
    /// embeddings and isolates of bidirectional text.</summary>
    public static SearchValues<char> Controls { get; } = SearchValues.Create(
    [
        .. Range('\0', '\u001F'), .. Range('\u007F', '\u009F'), '\u061C', '\u200E', '\u200F', .. Range('\u2028', '\u202E'),
        .. Range('\u2066', '\u2069'), '\uFEFF',
    ]);

    /// <summary>A value cut to a length, with the characters replaced that would forge lines in a log.</summary>
    public static string Value(string value, int longest = 100)
    {
        var cut = value.Length > longest ? string.Concat(value.AsSpan(0, longest), "…") : value;
        return cut.AsSpan().ContainsAny(Controls) ? string.Concat(cut.Select(c => Controls.Contains(c) ? '\uFFFD' : c)) : cut;
    }

    private static IEnumerable<char> Range(char first, char last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
