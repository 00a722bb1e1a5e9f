using System.Text;
using Spectre.Console;

namespace Fleet.Cli.Printing;

/// <summary>Lays out a table in columns, one line per row.</summary>
internal static class TextTable
{
    private const string Gap = "  ";
    private const int MinimumWidth = 8;

    /// <param name="header">The names of the columns.</param>
    /// <param name="kinds">Their kinds. A column of ids or states is never cut.</param>
    /// <param name="rows">The cells, as many per row as there are columns.</param>
    /// <param name="width">Cuts the longest other cells so that a line fits. Null: nothing is cut.</param>
    /// <param name="hasColor">Whether states are coloured.</param>
    /// <returns>The lines, without white space at their ends.</returns>
    public static IEnumerable<string> Lines(
        IReadOnlyList<string> header, IReadOnlyList<ColumnKind> kinds, IReadOnlyList<string[]> rows, int? width, bool hasColor)
    {
        var widths = Fit(header, kinds, rows, width);
        yield return Line([.. header], widths, (_, text) => hasColor ? Colors.Bold(text) : text);
        foreach (var row in rows)
            yield return Line(row, widths, (i, text) => hasColor && kinds[i] == ColumnKind.State ? Colors.State(text) : text);
    }

    private static int[] Fit(
        IReadOnlyList<string> header, IReadOnlyList<ColumnKind> kinds, IReadOnlyList<string[]> rows, int? width)
    {
        var widths = Enumerable.Range(0, header.Count)
            .Select(i => rows.Select(row => WidthOf(row[i])).Append(WidthOf(header[i])).Max()).ToArray();
        if (width is not { } most)
            return widths;
        var excess = widths.Sum() + (Gap.Length * (widths.Length - 1)) - most;
        while (excess > 0)
        {
            // The widest column that may be cut loses one character, until the line fits.
            var widest = -1;
            for (var i = 0; i < widths.Length; i++)
            {
                if (kinds[i] == ColumnKind.Text && widths[i] > Math.Max(MinimumWidth, header[i].Length)
                    && (widest < 0 || widths[i] > widths[widest]))
                {
                    widest = i;
                }
            }

            if (widest < 0)
                break;
            widths[widest]--;
            excess--;
        }

        return widths;
    }

    private static string Line(string[] cells, int[] widths, Func<int, string, string> paint)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            var text = Cut(cells[i], widths[i]);
            line.Append(paint(i, text)).Append(' ', widths[i] - WidthOf(text)).Append(i < cells.Length - 1 ? Gap : "");
        }

        return line.ToString().TrimEnd();
    }

    private static string Cut(string text, int width)
    {
        if (WidthOf(text) <= width)
            return text;
        var cut = new StringBuilder();
        var left = width - 1;
        foreach (var rune in text.EnumerateRunes())
        {
            var one = WidthOf(rune.ToString());
            if (left < one)
                break;
            cut.Append(rune);
            left -= one;
        }

        return cut.Append('…').ToString();
    }

    /// <summary>How many characters a text takes on a terminal: some letters take two.</summary>
    private static int WidthOf(string text) => Ascii.IsValid(text) ? text.Length : text.GetCellWidth();
}
