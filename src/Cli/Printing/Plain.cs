using Fleet.Core.Text;

namespace Fleet.Cli.Printing;

/// <summary>Makes text that others wrote (args, errors, log lines) safe to print: a control character in it could move
/// the cursor, recolour the terminal or write its title.</summary>
public static class Plain
{
    /// <summary>Keeps line breaks and tabs, shows every other control character as <c>�</c>.</summary>
    public static string Lines(string text) => Replace(text, static c => c is '\n' or '\t' ? c : '\uFFFD');

    /// <summary>One line: line breaks and tabs become spaces.</summary>
    public static string Line(string? text) =>
        text is null ? "" : Replace(text, static c => c is '\n' or '\r' or '\t' ? ' ' : '\uFFFD').Trim();

    /// <summary>One line of at most so many characters.</summary>
    public static string Line(string? text, int most)
    {
        var line = Line(text);
        return line.Length <= most ? line : string.Concat(line.AsSpan(0, Math.Max(0, most - 1)), "…");
    }

    private static string Replace(string text, Func<char, char> replacement)
    {
        text = text.ReplaceLineEndings("\n");
        return ControlCharacters.AreIn(text)
            ? string.Create(text.Length, (text, replacement), static (span, s) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = ControlCharacters.Contains(s.text[i]) ? s.replacement(s.text[i]) : s.text[i];
            })
            : text;
    }
}
