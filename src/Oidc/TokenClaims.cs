using System.Buffers.Text;
using System.Text.Json;

namespace Fleet.Oidc;

/// <summary>The claims of a token whose signature was checked.</summary>
/// <param name="payload">The JSON of the token.</param>
internal sealed class TokenClaims(JsonElement payload)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the payload of a token.</summary>
    /// <exception cref="JsonException">It is no JSON object, or a claim is there twice.</exception>
    public static TokenClaims Parse(string encodedPayload)
    {
        var json = JsonElement.Parse(Base64Url.DecodeFromChars(encodedPayload), Strict);
        return json.ValueKind == JsonValueKind.Object ? new TokenClaims(json) : throw new JsonException("The token is no JSON object.");
    }

    /// <summary>The value of a claim that is one text; null for any other, and for none.</summary>
    public string? Text(string claim) => Values(claim) is [var value] ? value : null;

    /// <summary>All texts of a claim: itself, or the items of an array. What is no text has no value.</summary>
    /// <param name="claim">The name of a claim. If there is none with the whole name, dots lead into objects:
    /// <c>realm_access.roles</c>.</param>
    public IReadOnlyList<string> Values(string claim)
    {
        if (Find(claim) is not { } found)
            return [];
        return found.ValueKind switch
        {
            JsonValueKind.String => [found.GetString()!],
            JsonValueKind.Array =>
                [.. found.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
            _ => [],
        };
    }

    private JsonElement? Find(string claim)
    {
        if (payload.TryGetProperty(claim, out var whole))
            return whole;
        var here = payload;
        foreach (var name in claim.Split('.'))
        {
            if (here.ValueKind != JsonValueKind.Object || !here.TryGetProperty(name, out here))
                return null;
        }

        return here;
    }
}
