using System.Security.Cryptography;
using System.Text.Json;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>A thing that people edit, as an endpoint shows it, with its version.</summary>
/// <remarks>The ETag is strong and has two halves: <c>"VERSION.CONTENT"</c>. The version changes with each edit, the content with every
/// value of the answer, such as the next fire time. <c>If-None-Match</c> looks at both. <c>If-Match</c> looks at the version alone, so that
/// a schedule that fires every second can be edited; it also takes <c>"VERSION"</c>, as the answer's <c>version</c> says it.</remarks>
/// <param name="View">The answer.</param>
/// <param name="Version">The version.</param>
internal sealed record Tagged(object View, string Version)
{
    /// <summary>Separates the halves of an ETag. Versions are hexadecimal.</summary>
    public const char Separator = '.';

    /// <summary>What the content of the ETag is computed from; null: the view. For views that say how old they are.</summary>
    public object? Content { get; init; }

    /// <summary>The ETag, in quotation marks.</summary>
    public string ETag => $"\"{Version}{Separator}{Hash(Content ?? View)}\"";

    /// <summary>Answers with the view and its ETag; 304 when a GET says that it has this answer already.</summary>
    public IResult Show(HttpContext http, int status = StatusCodes.Status200OK)
    {
        var tag = ETag;
        http.Response.Headers.ETag = tag;
        var isRead = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        return isRead && Preconditions.Has(http, tag)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Json(View, FleetJson.Payload, statusCode: status);
    }

    private static string Hash(object view) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(view, FleetJson.Payload)).AsSpan(0, 8));
}
