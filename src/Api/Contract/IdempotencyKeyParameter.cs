using System.Text;
using System.Text.Json.Nodes;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary>The header <c>Idempotency-Key</c>. The draft standard writes the key as a structured string, <c>"abc"</c>; most clients write
/// <c>abc</c>. Both are the same key.</summary>
internal sealed record IdempotencyKeyParameter() : Parameter(HeaderName, About)
{
    public const string HeaderName = "Idempotency-Key";

    private const string About =
        "A key of the caller's choice, 1–200 printable ASCII characters. A second request with the same key and the same content gets the "
        + "answer of the first, and nothing is stored twice. With other content it is refused with 409. Written as the key itself, or in "
        + "double quotes.";

    public override IEnumerable<string> Codes => [.. base.Codes, "two_idempotency_keys", "idempotency_conflict"];

    public override JsonObject MakeSchema() => new() { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = 402 };

    public override InputError? Check(HttpContext http) => http.Request.Headers[Name].Count > 1
        ? new InputError("two_idempotency_keys", Name, $"{Name}: the header is given more than once.", null, "one header")
        : base.Check(http);

    public override InputError? Check(string text)
    {
        if (!text.StartsWith('"'))
            return RunRules.CheckKey(text) is { } error ? Named(error) : null;
        if (Unquote(text) is not { } key)
        {
            return RunRules.Invalid(
                Code, Name, text, "the key alone, or the key in double quotes with \\\" and \\\\ for the two characters that need it");
        }

        return RunRules.CheckKey(key) is { } refused ? Named(refused) : null;
    }

    /// <summary>The key; null when the header is not given.</summary>
    public string? Find(HttpContext http) => base.Text(http) is { } text ? text.StartsWith('"') ? Unquote(text) : text : null;

    private InputError Named(InputError error) => RunRules.Invalid(error.Code, Name, error.Value, error.Allowed!);

    private static string? Unquote(string text)
    {
        var key = new StringBuilder();
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
                return i == text.Length - 1 ? key.ToString() : null;
            if (text[i] == '\\' && (++i == text.Length || text[i] is not ('"' or '\\')))
                return null;
            key.Append(text[i]);
        }

        return null;
    }
}
