using System.Globalization;

namespace Fleet;

/// <summary>Values as error messages show them.</summary>
internal static class Shown
{
    /// <summary>A value cut to a length, with the characters replaced that would forge lines in a log.</summary>
    public static string Value(string value, int longest = 100)
    {
        var cut = value.Length > longest ? string.Concat(value.AsSpan(0, longest), "…") : value;
        return string.Concat(cut.Select(c => IsControl(c) ? '\uFFFD' : c));
    }

    private static bool IsControl(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
