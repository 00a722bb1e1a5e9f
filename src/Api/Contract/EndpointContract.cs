using Fleet.Core.Access;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.Contract;

/// <summary>Everything that an endpoint takes and answers, declared once. Requests are checked by it before the endpoint sees them, and the
/// OpenAPI document is made from it, so the two cannot differ.</summary>
/// <param name="Name">The operation, such as <c>enqueueRun</c>: verb and thing in camelCase.</param>
/// <param name="Summary">What it does, in one short sentence.</param>
internal sealed record EndpointContract(string Name, string Summary)
{
    /// <summary>More about it in Markdown; null when the summary says all.</summary>
    public string? Description { get; init; }

    /// <summary>What a caller must be allowed to do.</summary>
    public required Permission Permission { get; init; }

    /// <summary>What a key that is bound to lanes gets to see. Unless the endpoint says otherwise: nothing, but a thing in its path that
    /// is in one of the lanes.</summary>
    public BoundAnswer Bound { get; init; }

    /// <summary>True if it looks through runs: a caller may have a few of these under way at once.</summary>
    public bool IsSearch { get; init; }

    /// <summary>Set when it should not be used any more.</summary>
    public Deprecation? Deprecated { get; init; }

    /// <summary>All parameters of path, query and headers. Any other query parameter is refused.</summary>
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>The body; null when it takes none.</summary>
    public BodyContract? Body { get; init; }

    /// <summary>The answers of requests that succeed, the usual one first.</summary>
    public required IReadOnlyList<AnswerContract> Answers { get; init; }

    /// <summary>The codes of refusals that follow neither from the parameters nor from the body's shape.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The names of the query parameters.</summary>
    public IReadOnlyList<string> Query { get; private init; } = [];

    /// <summary>True if its method is one that changes something.</summary>
    public bool IsChange { get; private init; }

    /// <summary>All codes with which a request may be refused, except those that the web server and the request gate add.</summary>
    public IEnumerable<string> AllCodes
    {
        get
        {
            IEnumerable<string> codes =
            [
                "bad_request", "invalid_host", "unknown_parameter", "database_unavailable", .. Problems,
                .. Parameters.SelectMany(p => p.Codes),
            ];
            if (Query.Count > 0)
                codes = [.. codes, "duplicate_parameter", "invalid_text"];
            if (Parameters.Any(p => p.IsRequired && p.Place != ParameterPlace.Path))
                codes = [.. codes, "missing_parameter"];
            if (IsChange)
                codes = [.. codes, "cross_site", "database_busy"];
            if (Permission != Permission.None)
            {
                codes = [.. codes, "unauthenticated", "forbidden", "no_role", "bound_to_lanes", "too_many_failed_sign_ins"];
                if (IsChange)
                    codes = [.. codes, "too_many_writes"];
                if (IsSearch)
                    codes = [.. codes, "too_many_searches"];
            }

            codes = [.. codes, .. Body is { } body ? body.Codes : ["unexpected_body"]];
            return codes.Distinct(StringComparer.Ordinal);
        }
    }

    /// <summary>The contract of the endpoint that handles a request.</summary>
    public static EndpointContract Of(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<EndpointContract>()
        ?? throw new InvalidOperationException("The endpoint has no contract.");

    /// <summary>The contract as the request checks read it.</summary>
    /// <param name="pattern">The endpoint's path.</param>
    /// <param name="isChange">True if the method is one that changes something.</param>
    /// <exception cref="InvalidOperationException">It does not fit the path, or lacks something.</exception>
    public EndpointContract Check(RoutePattern pattern, bool isChange)
    {
        var path = Parameters.Where(p => p.Place == ParameterPlace.Path).Select(p => p.Name);
        if (!pattern.Parameters.Select(p => p.Name).Order(StringComparer.Ordinal).SequenceEqual(path.Order(StringComparer.Ordinal)))
            throw Wrong($"its contract and its path {pattern.RawText} name other parameters.");
        if (Parameters.Select(p => p.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count() != Parameters.Count)
            throw Wrong("two of its parameters have the same name.");
        if (Parameters.FirstOrDefault(p => p.Example is null && (p.IsRequired || p.Place == ParameterPlace.Path)) is { } bare)
            throw Wrong($"its required parameter '{bare.Name}' has no example.");
        if (Parameters.FirstOrDefault(p => p.Example is { } example && p.Check(example) is not null) is { } refused)
            throw Wrong($"the example of its parameter '{refused.Name}' is not allowed.");
        if (Answers.Count == 0)
            throw Wrong("its contract has no answer.");
        return this with
        {
            IsChange = isChange,
            Parameters = isChange ? [.. Parameters, .. CommonParameters.Caller] : Parameters,
            Query = [.. Parameters.Where(p => p.Place == ParameterPlace.Query).Select(p => p.Name)],
        };
    }

    private InvalidOperationException Wrong(string why) => new($"The endpoint '{Name}' cannot be served: {why}");
}

/// <summary>What a caller gets to see who is bound to lanes, or to runs of their own.</summary>
internal enum BoundAnswer
{
    /// <summary>Nothing, unless the path names a run, a schedule or a lane; then that, if it is theirs.</summary>
    Nothing = 0,

    /// <summary>What is theirs: the endpoint leaves out the rest.</summary>
    Filtered = 1,

    /// <summary>Everything: it is about no lane.</summary>
    Everything = 2,
}

/// <summary>The JSON body of a request.</summary>
/// <param name="Type">What it is read as.</param>
/// <param name="Example">A body that works, as JSON.</param>
internal sealed record BodyContract(Type Type, string Example)
{
    /// <summary>Maximum size in bytes.</summary>
    public int MaxBytes { get; init; } = RequestBody.MaxSingle;

    /// <summary>The limit of a list in it that is checked before the items are read; null for none.</summary>
    public ItemLimit? MostItems { get; init; }

    /// <summary>True if a request may leave it out.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Finds what is wrong with the members of a body. It is called only for a request that is refused anyway, so that the answer
    /// names all bad fields at once.</summary>
    public Func<HttpContext, object, InputErrors, ValueTask>? Check { get; init; }

    /// <summary>The codes of bodies that cannot be read.</summary>
    public IEnumerable<string> Codes =>
    [
        .. IsOptional ? (string[])[] : ["empty_body"],
        "invalid_json", "invalid_utf8", "invalid_text", "too_deep", "unknown_field", "duplicate_field", "wrong_type", "body_too_large",
        "unsupported_media_type", "unsupported_charset", "unsupported_encoding",
    ];

    /// <summary>A body that the request must have.</summary>
    public static BodyContract Of<T>(string example, Func<HttpContext, T, InputErrors, ValueTask>? check = null) where T : class =>
        new(typeof(T), example) { Check = check is null ? null : (http, body, errors) => check(http, (T)body, errors) };

    /// <summary>A body that may be left out.</summary>
    public static BodyContract Optional<T>(string example, Func<HttpContext, T, InputErrors, ValueTask>? check = null)
        where T : class, new() =>
        Of(example, check) with { IsOptional = true };
}

/// <summary>How many items a list in a body may have.</summary>
/// <param name="Member">The member of the body, such as <c>runs</c>.</param>
/// <param name="Count">The most items.</param>
/// <param name="Code">The code of a refusal.</param>
/// <param name="Allowed">What is allowed, for people.</param>
internal sealed record ItemLimit(string Member, int Count, string Code, string Allowed);

/// <summary>An answer to a request that succeeded.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">What it means.</param>
/// <param name="Type">What the JSON body is written from; null when it is no JSON.</param>
/// <param name="ContentType">The type of the body; null for none.</param>
internal sealed record AnswerContract(int Status, string Description, Type? Type, string? ContentType)
{
    /// <summary>The headers of the answer, with their descriptions.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The events of a stream: the names, and what the data of each is written from. Empty for any other answer.</summary>
    public IReadOnlyDictionary<string, Type> Events { get; init; } = new Dictionary<string, Type>();

    /// <summary>An example of a body that has no schema; null for none.</summary>
    public string? Example { get; init; }

    /// <summary>JSON that is written from a view.</summary>
    public static AnswerContract Of<T>(string description, int status = StatusCodes.Status200OK) =>
        new(status, description, typeof(T), "application/json");

    /// <summary>A thing that people edit, with its version in the header <c>ETag</c>.</summary>
    public static AnswerContract OfTagged<T>(string description, int status = StatusCodes.Status200OK) => Of<T>(description, status) with
    {
        Headers = new Dictionary<string, string>
        {
            ["ETag"] = "The version, with its quotation marks. Send it back unchanged in `If-Match` or `If-None-Match`. Not with `dryRun`.",
        },
    };

    /// <summary>A body that is no view of ours.</summary>
    public static AnswerContract Raw(string contentType, string description) =>
        new(StatusCodes.Status200OK, description, null, contentType);

    /// <summary>No body.</summary>
    public static AnswerContract Empty(string description) => new(StatusCodes.Status204NoContent, description, null, null);
}

/// <summary>Attaches contracts to endpoints.</summary>
internal static class EndpointContracts
{
    /// <summary>Declares what an endpoint takes and answers.</summary>
    public static RouteHandlerBuilder Declare(this RouteHandlerBuilder endpoint, EndpointContract contract) =>
        endpoint.WithMetadata(contract);

    /// <summary>The contracts of a program's endpoints.</summary>
    public static IEnumerable<EndpointContract> In(IServiceProvider services) =>
        services.GetRequiredService<EndpointDataSource>().Endpoints.Select(e => e.Metadata.GetMetadata<EndpointContract>())
            .OfType<EndpointContract>();

    /// <summary>Puts the request checks in front of an endpoint.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">The endpoint's name in the program; null for none.</param>
    /// <exception cref="InvalidOperationException">It declares nothing, or what it declares does not fit.</exception>
    public static void Apply(EndpointBuilder endpoint, Func<EndpointContract, string?> name)
    {
        var pattern = ((RouteEndpointBuilder)endpoint).RoutePattern;
        var declared = endpoint.Metadata.OfType<EndpointContract>().LastOrDefault()
            ?? throw new InvalidOperationException($"The endpoint {pattern.RawText} declares no contract: call Declare.");
        endpoint.Metadata.Remove(declared);
        var methods = endpoint.Metadata.OfType<HttpMethodMetadata>().SelectMany(m => m.HttpMethods);
        endpoint.Metadata.Add(declared.Check(pattern, isChange: !methods.All(HttpMethods.IsGet)));
        if (name(declared) is { } known)
            endpoint.Metadata.Add(new EndpointNameMetadata(known));
    }
}
