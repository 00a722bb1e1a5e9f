using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Contract;

/// <summary>Where a request carries a parameter.</summary>
internal enum ParameterPlace
{
    Query = 0,
    Path = 1,
    Header = 2,
}

/// <summary>A parameter of an endpoint, declared once: requests are read by it, and the OpenAPI document shows it.</summary>
/// <param name="Name">The name as callers write it.</param>
/// <param name="Description">One or two sentences for the document.</param>
internal abstract record Parameter(string Name, string Description)
{
    public ParameterPlace Place { get; init; }

    /// <summary>A value that works. A parameter without one is left out of the operation's example.</summary>
    public string? Example { get; init; }

    /// <summary>Set when it should not be used any more.</summary>
    public Deprecation? Deprecated { get; init; }

    /// <summary>True if a request without it is refused. A parameter of the path always is.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The code of a refused value.</summary>
    public string Code { get; init; } =
        "invalid_" + JsonNamingPolicy.SnakeCaseLower.ConvertName(Name.Replace("-", "", StringComparison.Ordinal));

    /// <summary>The codes of all refusals that the parameter can cause.</summary>
    public virtual IEnumerable<string> Codes => [Code];

    /// <summary>What <see cref="Code"/> means where no table says it.</summary>
    public ProblemCode Problem => new(
        Code, 400, $"The parameter '{Name}' has a value that is not allowed.", "Send an allowed value; the answer says which are.");

    /// <summary>The JSON schema of the value.</summary>
    public abstract JsonObject MakeSchema();

    /// <summary>Checks a value that is neither missing nor empty.</summary>
    public abstract InputError? Check(string text);

    /// <summary>Checks the parameter in a request.</summary>
    public virtual InputError? Check(HttpContext http)
    {
        if (Find(http) is not { } text)
        {
            return IsRequired && Place != ParameterPlace.Path
                ? new InputError("missing_parameter", Name, $"{Name}: it is missing.", null, "a value")
                : null;
        }

        // PostgreSQL stores no NUL, and .NET's reader of numbers ignores one at the end.
        return Place == ParameterPlace.Query && text.Any(char.IsControl)
            ? RunRules.Invalid("invalid_text", Name, text, "text without control characters")
            : Check(text);
    }

    /// <summary>The text in the request; null when it is left out or empty.</summary>
    /// <exception cref="InvalidOperationException">The endpoint does not declare this parameter.</exception>
    public string? Text(HttpContext http) => EndpointContract.Of(http).Parameters.Any(p => ReferenceEquals(p, this))
        ? Find(http)
        : throw new InvalidOperationException($"{EndpointContract.Of(http).Name} does not declare the parameter '{Name}'.");

    /// <summary>Whether a request has it.</summary>
    public bool IsIn(HttpContext http) => Find(http) is not null;

    private string? Find(HttpContext http)
    {
        var text = Place switch
        {
            ParameterPlace.Path => http.GetRouteValue(Name) as string,
            ParameterPlace.Header => http.Request.Headers[Name].FirstOrDefault(),
            _ => http.Request.Query.TryGetValue(Name, out var values) ? values[0] : null,
        };
        return text is { Length: > 0 } ? text : null;
    }
}
