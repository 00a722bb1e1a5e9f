using System.Text;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Search;

/// <summary>Reads the query language for runs, such as
/// <c>state:failed job:report.* since:1h error:"timeout" tag:billing args.customer=42</c>.</summary>
/// <remarks>Terms are separated by spaces, and all of them must match. A value may be in quotes, with <c>\"</c> and <c>\\</c> inside.
/// Several values of one term are separated by commas, and one of them must match; a comma that belongs to a value stands in quotes.
/// <c>*</c> is allowed at the beginning and the end of a value.</remarks>
public static class ParseRunQuery
{
    public const int MaxLength = 2048;
    public const int MaxTerms = 32;

    private const string Field = "q";

    private static readonly string[] Fields =
        ["state", "job", "lane", "schedule", "tag", "error", "fingerprint", "id", "key", "since", "until", "args.<name>"];

    private static readonly string[] States =
        [.. Enum.GetNames<StateWord>().Select(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName)];

    /// <summary>Reads a query. Null and white space match every run.</summary>
    /// <param name="text">The query.</param>
    /// <param name="now">What <c>since:1h</c> counts back from.</param>
    /// <exception cref="InvalidRunException">The query is not well formed; the message names the term and what is allowed.</exception>
    public static RunQuery Read(string? text, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(text))
            return RunQuery.All;
        if (text.Length > MaxLength)
            throw Refuse("query_too_long", $"{text.Length} characters", $"a query has at most {MaxLength} characters");
        var terms = Split(text);
        if (terms.Count > MaxTerms)
            throw Refuse("query_too_long", $"{terms.Count} terms", $"a query has at most {MaxTerms} terms");
        var query = RunQuery.All with { Text = string.Join(' ', terms.Select(t => t.Text)) };
        foreach (var term in terms)
            query = Add(query, term, now);
        if (query is { Since: { } since, Until: { } until } && since >= until)
            throw Refuse("invalid_query", text, "since must be before until");
        return query;
    }

    /// <summary>Writes a term for one value as it is, whatever characters it has.</summary>
    public static string Term(string field, string value) =>
        $"{field}:\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static RunQuery Add(RunQuery query, Clause term, DateTimeOffset now)
    {
        if (term.Field.StartsWith("args.", StringComparison.Ordinal))
            return query with { Args = [.. query.Args, ReadArgs(term)] };
        return term.Field switch
        {
            "state" when query.States.Count == 0 => query with { States = [.. term.Values.Select(v => ReadState(term, v))] },
            "job" => query with { Jobs = [.. query.Jobs, Words(term)] },
            "lane" => query with { Lanes = [.. query.Lanes, Words(term)] },
            "schedule" => query with { Schedules = [.. query.Schedules, Words(term)] },
            "tag" => query with { Tags = [.. query.Tags, Words(term)] },
            "error" => query with { Errors = [.. query.Errors, Words(term, PatternKind.Contains)] },
            "fingerprint" when query.Fingerprints.Count == 0 =>
                query with { Fingerprints = [.. term.Values.Select(v => ReadFingerprint(term, v))] },
            "id" when query.Ids.Count == 0 => query with { Ids = [.. term.Values.Select(v => ReadId(term, v))] },
            "key" when query.Keys.Count == 0 => query with { Keys = [.. term.Values.Select(v => Exact(term, v))] },
            "since" when query.Since is null => query with { Since = ReadInstant(term, now) },
            "until" when query.Until is null => query with { Until = ReadInstant(term, now) },
            "state" or "fingerprint" or "id" or "key" or "since" or "until" =>
                throw Refuse("invalid_query", term.Text, $"'{term.Field}' is given twice; separate several values with commas"),
            _ => throw UnknownField(term),
        };
    }

    private static InvalidRunException UnknownField(Clause term)
    {
        var allowed = string.Join(", ", Fields);
        var error = $"there is no field '{RunRules.Show(term.Field)}'; {Nearest.Hint(term.Field, Fields)}";
        return Refuse("invalid_query", term.Text, error, allowed);
    }

    private static StateWord ReadState(Clause term, Value value)
    {
        var text = Exact(term, value);
        var index = Array.IndexOf(States, text);
        if (index >= 0)
            return (StateWord)index;
        var error = $"there is no state '{RunRules.Show(text)}'; {Nearest.Hint(text, States)}";
        throw Refuse("invalid_query", term.Text, error, string.Join(", ", States));
    }

    private static RunId ReadId(Clause term, Value value) => RunId.TryParse(Exact(term, value), out var id)
        ? id
        : throw Refuse("invalid_query", term.Text, "an id is a UUID of 36 characters");

    private static string ReadFingerprint(Clause term, Value value) => Exact(term, value) is var text && Fingerprint.IsWellFormed(text)
        ? text
        : throw Refuse("invalid_query", term.Text, "a fingerprint is v1: and 16 hexadecimal digits, as 'fleet dead group list' shows it");

    /// <summary>An instant in ISO 8601, or a duration that counts back from now.</summary>
    private static DateTimeOffset ReadInstant(Clause term, DateTimeOffset now)
    {
        const string allowed = "an instant such as 2026-01-31T12:00:00Z, or how long ago, such as 15m, 1h or 7d";
        var text = term.Values.Count == 1 ? Exact(term, term.Values[0]) : "";
        if (Durations.TryParse(text, out var ago) && ago >= TimeSpan.Zero && ago < now - DateTimeOffset.UnixEpoch)
            return now - ago;
        try
        {
            return RunRules.ReadInstant(text, term.Field) ?? throw Refuse("invalid_query", term.Text, $"allowed is {allowed}", allowed);
        }
        catch (InvalidRunException)
        {
            throw Refuse("invalid_query", term.Text, $"allowed is {allowed}", allowed);
        }
    }

    private static ArgsTerm ReadArgs(Clause term)
    {
        var path = term.Field["args.".Length..].Split('.');
        if (path.Any(name => name.Length == 0))
            throw Refuse("invalid_query", term.Text, "a member is named as in args.customer.id=42");
        return term.Values.Count == 1
            ? new ArgsTerm(path, Read(term, term.Values[0], PatternKind.Exact))
            : throw Refuse("invalid_query", term.Text, "a member of the args is compared with one value; put a comma in quotes");
    }

    private static WordTerm Words(Clause term, PatternKind withoutStars = PatternKind.Exact) =>
        new([.. term.Values.Select(v => Read(term, v, withoutStars))]);

    private static Pattern Read(Clause term, Value value, PatternKind withoutStars)
    {
        if (value.IsQuoted)
            return new Pattern(value.Text, withoutStars);
        var (first, last) = (value.Text.StartsWith('*'), value.Text.EndsWith('*'));
        var inner = value.Text.Trim('*');
        if (inner.Length == 0 || inner.Contains('*') || value.Text.Length - inner.Length > (first ? 1 : 0) + (last ? 1 : 0))
            throw Refuse("invalid_query", term.Text, "* may stand once at the beginning and once at the end of a value");
        return new Pattern(inner, (first, last) switch
        {
            (true, true) => PatternKind.Contains,
            (true, false) => PatternKind.Suffix,
            (false, true) => PatternKind.Prefix,
            _ => withoutStars,
        });
    }

    private static string Exact(Clause term, Value value) => value.IsQuoted || !value.Text.Contains('*')
        ? value.Text
        : throw Refuse("invalid_query", term.Text, $"'{term.Field}' takes no *");

    private static List<Clause> Split(string text)
    {
        var (terms, at) = (new List<Clause>(), 0);
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at == text.Length)
                return terms;
            terms.Add(ReadClause(text, ref at));
        }
    }

    private static Clause ReadClause(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is not (':' or '=' or '"') && !char.IsWhiteSpace(text[at]))
            at++;
        var field = text[start..at];
        var separator = at < text.Length ? text[at] : ' ';
        var isArgs = field.StartsWith("args.", StringComparison.Ordinal);
        if (field.Length == 0 || separator is not (':' or '='))
        {
            throw Refuse(
                "invalid_query", text[start..Math.Min(text.Length, at + 1)],
                "a term is written field:value, such as job:report.* or state:failed");
        }

        if (separator == '=' && !isArgs)
            throw Refuse("invalid_query", text[start..(at + 1)], $"write '{field}:', with a colon; '=' is for args.<name>=value");
        at++;
        var values = new List<Value>();
        do
        {
            if (values.Count > 0)
                at++;
            values.Add(ReadValue(text, ref at, start));
        }
        while (at < text.Length && text[at] == ',');
        return new Clause(field, values, text[start..at]);
    }

    private static Value ReadValue(string text, ref int at, int start)
    {
        if (at < text.Length && text[at] == '"')
            return ReadQuoted(text, ref at, start);
        var begin = at;
        while (at < text.Length && text[at] is not (',' or '"') && !char.IsWhiteSpace(text[at]))
            at++;
        if (at == begin || (at < text.Length && text[at] == '"'))
        {
            throw Refuse(
                "invalid_query", text[start..Math.Min(text.Length, at + 1)],
                at == begin
                    ? "a value is missing; an empty one is written \"\""
                    : "a quote begins a value, and is written \\\" inside of one");
        }

        return new Value(text[begin..at], IsQuoted: false);
    }

    private static Value ReadQuoted(string text, ref int at, int start)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '"' when at + 1 == text.Length || text[at + 1] == ',' || char.IsWhiteSpace(text[at + 1]):
                    at++;
                    return new Value(value.ToString(), IsQuoted: true);
                case '\\' when at + 1 < text.Length && text[at + 1] is '"' or '\\':
                    value.Append(text[++at]);
                    break;
                case '"' or '\\':
                    throw Refuse("invalid_query", text[start..(at + 1)], "in quotes, write \\\" for a quote and \\\\ for a backslash");
                default:
                    value.Append(text[at]);
                    break;
            }
        }

        throw Refuse("invalid_query", text[start..], "the quote at the end is missing");
    }

    private static InvalidRunException Refuse(string code, string term, string why, string? allowed = null)
    {
        var shown = RunRules.Show(term);
        return new InvalidRunException(
            new InputError(code, Field, $"{Field}: '{shown}': {why}{(why[^1] is '.' or '?' ? "" : ".")}", shown, allowed));
    }

    private sealed record Clause(string Field, IReadOnlyList<Value> Values, string Text);

    private readonly record struct Value(string Text, bool IsQuoted);
}
