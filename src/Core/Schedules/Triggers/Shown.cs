using System.Globalization;
using System.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Formats a refused value for the caller, logs and terminals.</summary>
internal static class Shown
{
    private const int Longest = 100;

    /// <summary>The value, cut to 100 characters, with invisible and control characters escaped.</summary>
    public static string Of(string value)
    {
        var shown = new StringBuilder();
        foreach (var rune in value.EnumerateRunes())
        {
            var next = IsVisible(rune) ? rune.ToString() : $"\\u{rune.Value:X4}";
            if (shown.Length + next.Length >= Longest)
                return shown.Append('…').ToString();
            shown.Append(next);
        }

        return shown.ToString();
    }

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
