using System.Text;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>The header <c>Idempotency-Key</c>. The draft standard writes the key as a structured string, <c>"abc"</c>; most clients write
/// <c>abc</c>. Both are the same key.</summary>
internal static class IdempotencyKeyHeader
{
    public const string Name = "Idempotency-Key";

    private const string Field = "idempotencyKey";

    /// <summary>The key of a request.</summary>
    /// <returns>Null when the header is not given.</returns>
    /// <exception cref="InvalidRunException">It is given twice, or begins with a quote and is no structured string.</exception>
    public static string? Read(HttpRequest request)
    {
        var values = request.Headers[Name];
        if (values.Count > 1)
            throw new InvalidRunException(
                new InputError("two_idempotency_keys", Field, $"{Field}: the header {Name} is given more than once.", null, "one header"));
        if (values.FirstOrDefault() is not { } text || !text.StartsWith('"'))
            return values.FirstOrDefault();
        return Unquote(text) ?? throw new InvalidRunException(RunRules.Invalid(
            "invalid_idempotency_key", Field, text,
            "the key alone, or the key in double quotes with \\\" and \\\\ for the two characters that need it"));
    }

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
