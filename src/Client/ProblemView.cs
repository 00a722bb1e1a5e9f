using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>Why the API refused a request (RFC 9457).</summary>
public sealed record ProblemView
{
    /// <summary>The path of a page that explains the code.</summary>
    [Required]
    public string Type { get; init; } = "";

    /// <summary>What the HTTP status means.</summary>
    [Required]
    public string? Title { get; init; }

    /// <summary>The HTTP status.</summary>
    [Required]
    public int Status { get; init; }

    /// <summary>One sentence for people.</summary>
    [Required]
    public string? Detail { get; init; }

    /// <summary>A stable word for programs, such as <c>unknown_job</c>.</summary>
    [Required]
    public string? Code { get; init; }

    /// <summary>The W3C trace id of the request; it is in the server's log, too.</summary>
    public string? TraceId { get; init; }

    /// <summary>Every refused field; null if the request was refused for something else.</summary>
    public IReadOnlyList<FieldErrorView>? Errors { get; init; }

    /// <summary>The refused field, as the caller wrote it.</summary>
    public string? Field { get; init; }

    /// <summary>The refused value.</summary>
    public string? Value { get; init; }

    /// <summary>What would have been accepted.</summary>
    public string? Allowed { get; init; }

    /// <summary>The path at which a browser signs in (<c>unauthenticated</c>); null where people sign in with a key alone.</summary>
    public string? SignIn { get; init; }

    /// <summary>The run that has the idempotency key, when the key was used before with another request.</summary>
    public string? Existing { get; init; }

    /// <summary>What is stored, when it is not what the request expected (<c>precondition_failed</c>); null when nothing is.</summary>
    public JsonElement? Current { get; init; }
}

/// <summary>A field that was refused.</summary>
public sealed record FieldErrorView
{
    /// <summary>Where the request has it: <c>body</c>, <c>query</c>, <c>path</c> or <c>header</c>.</summary>
    public string In { get; init; } = "";

    /// <summary>A JSON pointer to it, such as <c>/runs/3/lane</c> in the body or <c>/limit</c> in the query. Empty: the whole.</summary>
    public string Pointer { get; init; } = "";

    /// <summary>One sentence for people.</summary>
    public string Detail { get; init; } = "";

    /// <summary>A stable word for programs.</summary>
    public string Code { get; init; } = "";

    /// <summary>The refused value as text for people; null if there was none. It may be shortened, and a member of the body is shown as
    /// JSON. Of a query, it is the first wrong term.</summary>
    public string? Value { get; init; }

    /// <summary>What would have been accepted; null if the detail says all.</summary>
    public string? Allowed { get; init; }

    /// <summary>The field's name as the caller wrote it, such as <c>runs[3].lane</c>.</summary>
    public string Field { get; init; } = "";
}
