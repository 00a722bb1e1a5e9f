using System.Text;

namespace Fleet.Core.Text;

/// <summary>Takes out of a message what differs from run to run: numbers, ids, instants, addresses and quoted values.</summary>
internal static class NormalizeMessage
{
    /// <summary>Stands for a value.</summary>
    private const char Value = '#';

    /// <summary>Two messages that differ behind this are taken for the same.</summary>
    private const int MaxLength = 400;

    private const int LongHex = 8;

    public static string Execute(string message)
    {
        var text = new StringBuilder();
        for (var at = 0; at < message.Length && text.Length < MaxLength;)
        {
            var c = message[at];
            if ((c is '"' or '`' or '\'' ? EndOfQuote(message, at) : EndOfMailAddress(message, at)) is { } end)
            {
                AddValue(text);
                at = end;
            }
            else if (char.IsLetterOrDigit(c) || (c is '-' or '+' or '#' && at + 1 < message.Length && char.IsDigit(message[at + 1])))
            {
                var from = at++;
                while (at < message.Length && IsInWord(message, at))
                    at++;
                var word = message.AsSpan(from, at - from);
                if (IsValue(word))
                    AddValue(text);
                else
                    text.Append(word);
            }
            else
            {
                if (!char.IsWhiteSpace(c))
                    text.Append(c);
                else if (text.Length > 0 && text[^1] != ' ')
                    text.Append(' ');
                at++;
            }
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>Several values in a row count as one: how many there are differs, too.</summary>
    private static void AddValue(StringBuilder text)
    {
        var end = text.Length;
        while (end > 0 && text[end - 1] is ' ' or ',' or ';')
            end--;
        if (end > 0 && text[end - 1] == Value)
            text.Length = end;
        else
            text.Append(Value);
    }

    /// <summary>Where the text behind a quoted value begins; null if no value begins here.</summary>
    private static int? EndOfQuote(string text, int at)
    {
        var quote = text[at];
        if (at > 0 && char.IsLetterOrDigit(text[at - 1]))
            return null;
        for (var i = at + 1; i < text.Length; i++)
        {
            // An apostrophe within a word ends nothing.
            if (text[i] == quote && (quote != '\'' || i + 1 == text.Length || !char.IsLetterOrDigit(text[i + 1])))
                return i + 1;
        }

        // The message was cut within the value.
        return quote == '"' ? text.Length : null;
    }

    /// <summary>Where the text behind a mail address begins; null if none begins here.</summary>
    private static int? EndOfMailAddress(string text, int at)
    {
        if (!char.IsLetterOrDigit(text[at]))
            return null;
        var (end, isOne) = (at, false);
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '.' or '_' or '-' or '+' or '@'))
            isOne |= text[end++] == '@';
        return isOne ? end : null;
    }

    private static bool IsInWord(string text, int at)
    {
        var c = text[at];
        if (char.IsLetterOrDigit(c) || c == '_')
            return true;
        // 10:15:30.5, 1,000, 10/11, 192.168.0.1, 1e+5; an id such as order-5 or a UUID.
        return at + 1 < text.Length && c switch
        {
            '.' or ',' or ':' or '/' or '+' => char.IsDigit(text[at - 1]) && char.IsDigit(text[at + 1]),
            '-' => char.IsLetterOrDigit(text[at + 1]),
            _ => false,
        };
    }

    private static bool IsValue(ReadOnlySpan<char> word) =>
        word.ContainsAnyInRange('0', '9') || (word.Length >= LongHex && IsHex(word));

    private static bool IsHex(ReadOnlySpan<char> word)
    {
        foreach (var c in word)
        {
            if (!char.IsAsciiHexDigit(c) && c != '-')
                return false;
        }

        return true;
    }
}
