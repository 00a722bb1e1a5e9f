using System.Globalization;
using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>Reads query parameters. <see cref="EndpointRules"/> has refused those that the endpoint does not take.</summary>
internal sealed class QueryString(HttpContext http)
{
    public const int MaxLimit = 500;

    private readonly IQueryCollection _query = http.Request.Query;

    /// <summary>Checks what holds for the parameters of every endpoint.</summary>
    /// <exception cref="InvalidRunException">A parameter is unknown, is given twice, or holds control characters.</exception>
    public static void Check(IQueryCollection query, string[] known)
    {
        foreach (var (name, values) in query)
        {
            var shown = name.Length == 0 ? "(empty name)" : RunRules.Show(name);
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                var hint = Nearest.To(name, known) is { } nearest ? $"did you mean '{nearest}'?"
                    : known.Length == 0 ? "there are none here."
                    : $"allowed are {string.Join(", ", known)}.";
                throw new InvalidRunException(
                    new InputError(
                        "unknown_parameter", shown, $"{shown}: there is no such parameter; {hint}", null, string.Join(", ", known)));
            }

            if (values.Count > 1)
                throw new InvalidRunException(
                    new InputError("duplicate_parameter", shown, $"{shown}: it is given more than once.", null, "once"));
            // PostgreSQL stores no NUL, and .NET's reader of numbers ignores one at the end.
            if (values.ToString().Any(char.IsControl))
                throw new InvalidRunException(RunRules.Invalid(Code(name), name, values[0], "text without control characters"));
        }
    }

    public string? Text(string name) => _query.TryGetValue(name, out var value) && value[0] is { Length: > 0 } text ? text : null;

    /// <summary>An instant's text. A plus that was not escaped means a space in a query, and an offset cannot begin with one.</summary>
    public string? Instant(string name) => Text(name)?.Replace(' ', '+');

    public int Limit(int byDefault) => Number("limit", 1, MaxLimit) is { } limit ? (int)limit : byDefault;

    public long? Number(string name, long least, long most)
    {
        if (Text(name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            && number <= most
            ? number
            : throw new InvalidRunException(RunRules.Invalid(Code(name), name, text, $"{least}–{most}"));
    }

    /// <summary>False when it is left out.</summary>
    public bool Flag(string name) => Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        var text => throw new InvalidRunException(RunRules.Invalid(Code(name), name, text, "true or false")),
    };

    public T? Word<T>(string name) where T : struct, Enum
    {
        if (Text(name) is not { } text)
            return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (JsonNamingPolicy.CamelCase.ConvertName(value.ToString()) == text)
                return value;
        }

        var allowed = string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName));
        throw new InvalidRunException(RunRules.Invalid(Code(name), name, text, "one of " + allowed));
    }

    private static string Code(string name) => "invalid_" + JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
