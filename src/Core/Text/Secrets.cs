using System.Text.RegularExpressions;

namespace Fleet.Core.Text;

/// <summary>Cuts secrets out of text that people and logs get to see. The one place for it: whatever shows a setting, or an error that may
/// quote one, asks here.</summary>
public static partial class Secrets
{
    private const string Hidden = "…";

    /// <summary>Any text: of each URI, what stands before the last <c>@</c> goes; of a connection string, its passwords.</summary>
    public static string Hide(string text)
    {
        // Most texts have neither.
        if (text.Contains("://", StringComparison.Ordinal))
            text = UserInfo().Replace(text, "${scheme}" + Hidden + "@");
        if (text.Contains('=', StringComparison.Ordinal))
            text = Token().Replace(Password().Replace(text, "${key}" + Hidden), "${key}" + Hidden);
        return text;
    }

    /// <summary>A text that is meant to be one URI, well-formed or not. A password may hold <c>/</c>, <c>:</c>, <c>?</c>, <c>#</c> and
    /// spaces.</summary>
    public static string HideInUri(string? uri)
    {
        if (uri is null)
            return "(nothing)";
        var scheme = Scheme().Match(uri).Length;
        var at = uri.LastIndexOf('@');
        if (at >= scheme)
            return Hide(string.Concat(uri.AsSpan(0, scheme), Hidden, uri.AsSpan(at)));
        // Without a host, what stands where its port would be is a password; a query may carry one too.
        var rest = uri.AsSpan(scheme);
        var host = rest.StartsWith('[') ? rest.IndexOf(']') + 1 : 0;
        var colon = rest[host..].IndexOf(':');
        var end = rest.IndexOfAny('?', '#');
        if (colon >= 0 && !IsPort(rest[(host + colon + 1)..]))
            end = host + colon;
        return Hide(end < 0 ? uri : string.Concat(uri.AsSpan(0, scheme + end + 1), Hidden));
    }

    /// <summary>An error about a connection string: what stands after its first password goes, because a driver may quote a piece of a
    /// password as a keyword that it does not know.</summary>
    public static string HideIn(string error, string connectionString)
    {
        if (Password().Match(connectionString) is { Success: true } secret)
        {
            foreach (var piece in connectionString[secret.Groups["key"].Index..].Split(
                [';', '=', '\'', '"'], StringSplitOptions.TrimEntries).Skip(1).Where(p => p.Length > 1))
                error = error.Replace(piece, Hidden, StringComparison.OrdinalIgnoreCase);
        }

        return Hide(error);
    }

    private static bool IsPort(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf('/');
        return !(end < 0 ? text : text[..end]).ContainsAnyExceptInRange('0', '9');
    }

    // Not the example in errors that say what is allowed.
    [GeneratedRegex(
        @"(?<scheme>\b[a-z][a-z0-9+.\-]*://)(?!user:password@[^@\s]*(\s|$))\S*@", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"^[a-z][a-z0-9+.\-]*://", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scheme();

    // A value may stand in quotes, with quotes in it doubled; without quotes it goes on to the next semicolon, whatever it holds.
    [GeneratedRegex(@"(?<key>\b(ssl ?|user ?)?(password|passwd|pwd|passphrase)\s*=\s*)('([^']|'')*'?|""([^""]|"""")*""?|[^;\r\n]*)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Password();

    [GeneratedRegex(
        @"(?<key>\b((access|account|api|shared ?access) ?_?key|secret|(access ?_?)?token)\s*=\s*)"
            + @"('([^']|'')*'?|""([^""]|"""")*""?|[^;&\s]*)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
