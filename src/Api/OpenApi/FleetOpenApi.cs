using System.Text.Json.Nodes;
using Fleet.Api.Contract;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Fleet.Api.OpenApi;

/// <summary>The OpenAPI document <c>fleet</c>: made from the contracts of the endpoints, which also check the requests.</summary>
internal static class FleetOpenApi
{
    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";
    private const string Prefix = "/api/v1/";

    private static readonly Dictionary<string, string> RetryAfter =
        new() { ["Retry-After"] = "The number of seconds after which the request may be sent again." };

    private static readonly Dictionary<int, IReadOnlyDictionary<string, string>> HeadersOfRefusals = new()
    {
        [StatusCodes.Status412PreconditionFailed] =
            new Dictionary<string, string> { ["ETag"] = "The version that is stored, if something is." },
        [StatusCodes.Status429TooManyRequests] = RetryAfter,
        [StatusCodes.Status503ServiceUnavailable] = RetryAfter,
    };

    /// <summary>Adds the document. Documents of the program around Fleet stay as they are.</summary>
    public static IServiceCollection AddFleetOpenApi(this IServiceCollection services)
    {
        services.AddOpenApi(ApiServices.DescriptionGroup, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            // An API that is mapped twice is described once: the first mapping has the names.
            options.ShouldInclude = description => description.GroupName == ApiServices.DescriptionGroup
                && description.ActionDescriptor.EndpointMetadata.OfType<EndpointNameMetadata>().Any();
            options.AddDocumentTransformer((document, context, _) =>
            {
                Describe(document, [.. context.DescriptionGroups.SelectMany(g => g.Items).Where(options.ShouldInclude)]);
                return Task.CompletedTask;
            });
        });
        return services;
    }

    /// <summary>Writes the document as JSON.</summary>
    /// <param name="http">The request, which says below which path the API is mapped.</param>
    /// <param name="ct">Cancels the call.</param>
    public static async Task<byte[]> WriteAsync(HttpContext http, CancellationToken ct)
    {
        var document = await http.RequestServices.GetRequiredKeyedService<IOpenApiDocumentProvider>(ApiServices.DescriptionGroup)
            .GetOpenApiDocumentAsync(ct);
        var root = Problems.BaseOf(http.Request);
        document.Servers = [new OpenApiServer { Url = root.Length == 0 ? "/" : root }];
        using var bytes = new MemoryStream();
        await document.SerializeAsJsonAsync(bytes, OpenApiSpecVersion.OpenApi3_1, ct);
        return bytes.ToArray();
    }

    private static void Describe(
        OpenApiDocument document, IReadOnlyList<Microsoft.AspNetCore.Mvc.ApiExplorer.ApiDescription> descriptions)
    {
        var schemas = new ViewSchemas();
        document.Info = new OpenApiInfo { Title = "Fleet", Version = "v1", Description = Introduction.Text };
        var paths = new OpenApiPaths();
        var operations = descriptions.Select(d => (
            Path: "/" + d.RelativePath!, Method: new HttpMethod(d.HttpMethod!),
            Contract: d.ActionDescriptor.EndpointMetadata.OfType<EndpointContract>().Single()));
        foreach (var path in operations.GroupBy(o => o.Path[o.Path.LastIndexOf(Prefix, StringComparison.Ordinal)..], StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            paths[path.Key] = new OpenApiPathItem
            {
                Operations = path.OrderBy(o => o.Method.Method, StringComparer.Ordinal)
                    .ToDictionary(o => o.Method, o => Operation(o.Contract, path.Key, document, schemas)),
            };
        }

        document.Paths = paths;
        document.Tags = paths.Keys.Select(TagOf).Distinct(StringComparer.Ordinal).Select(t => new OpenApiTag { Name = t }).ToHashSet();
        document.Components = new OpenApiComponents { Schemas = new SortedDictionary<string, IOpenApiSchema>(StringComparer.Ordinal) };
        schemas.NameOf(typeof(Client.ProblemView));
        foreach (var (name, schema) in schemas.All)
            document.Components.Schemas[name] = Parse(schema, document);
        document.Workspace?.RegisterComponents(document);
    }

    internal static OpenApiOperation Operation(EndpointContract contract, string path, OpenApiDocument document, ViewSchemas schemas)
    {
        var operation = new OpenApiOperation
        {
            OperationId = contract.Name,
            Summary = contract.Summary,
            Description = contract.Description,
            Deprecated = contract.Deprecated is not null,
            Tags = new HashSet<OpenApiTagReference> { new(TagOf(path), document) },
            Parameters = [.. contract.Parameters.Select(p => Parameter(p, document))],
            Responses = [],
        };
        if (contract.Body is { } body)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = !body.IsOptional,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Json] = new()
                    {
                        Schema = new OpenApiSchemaReference(schemas.NameOf(body.Type), document),
                        Example = JsonNode.Parse(body.Example),
                    },
                },
            };
        }

        foreach (var answer in contract.Answers)
            operation.Responses[$"{answer.Status}"] = Response(answer, document, schemas);
        if (contract.Parameters.Contains(CommonParameters.Known))
            operation.Responses["304"] = new OpenApiResponse
            {
                Description = "The caller has this answer already.",
                Headers = Headers(contract.Answers[0].Headers),
            };
        foreach (var refusals in contract.AllCodes.GroupBy(ProblemCode.StatusOf).OrderBy(g => g.Key))
            operation.Responses[$"{refusals.Key}"] = Refusal(refusals.Key, [.. refusals.Order(StringComparer.Ordinal)], document);
        return operation;
    }

    private static OpenApiParameter Parameter(Parameter parameter, OpenApiDocument document) => new()
    {
        Name = parameter.Name,
        In = parameter.Place switch
        {
            ParameterPlace.Path => ParameterLocation.Path,
            ParameterPlace.Header => ParameterLocation.Header,
            _ => ParameterLocation.Query,
        },
        Required = parameter.IsRequired || parameter.Place == ParameterPlace.Path,
        Description = parameter.Description,
        Deprecated = parameter.Deprecated is not null,
        Schema = Parse(parameter.MakeSchema(), document),
        Example = parameter.Example is { } example ? ExampleOf(parameter, example) : null,
    };

    /// <summary>A number or a flag where the schema says so.</summary>
    private static JsonNode? ExampleOf(Parameter parameter, string example) => parameter.MakeSchema()["type"]?.GetValue<string>() switch
    {
        "integer" or "boolean" => JsonNode.Parse(example),
        _ => JsonValue.Create(example),
    };

    private static OpenApiResponse Response(AnswerContract answer, OpenApiDocument document, ViewSchemas schemas)
    {
        var response = new OpenApiResponse { Description = answer.Description };
        if (answer.ContentType is { } contentType)
        {
            IOpenApiSchema schema = answer.Type is { } type
                ? new OpenApiSchemaReference(schemas.NameOf(type), document)
                : contentType == Json ? new OpenApiSchema() : new OpenApiSchema { Type = JsonSchemaType.String };
            var media = new OpenApiMediaType
            {
                Schema = schema,
                Example = answer.Example is { } example ? JsonValue.Create(example) : null,
            };
            if (answer.Events.Count > 0)
                media.Extensions = new Dictionary<string, IOpenApiExtension> { ["x-events"] = EventsOf(answer, schemas) };
            response.Content = new Dictionary<string, OpenApiMediaType> { [contentType] = media };
        }

        response.Headers = Headers(answer.Headers);
        return response;
    }

    /// <summary>OpenAPI 3.1 has no word for the events of a stream.</summary>
    private static JsonNodeExtension EventsOf(AnswerContract answer, ViewSchemas schemas)
    {
        var events = new JsonObject();
        foreach (var (name, type) in answer.Events)
            events[name] = new JsonObject { ["data"] = new JsonObject { ["$ref"] = ViewSchemas.Components + schemas.NameOf(type) } };
        return new JsonNodeExtension(events);
    }

    private static Dictionary<string, IOpenApiHeader>? Headers(IReadOnlyDictionary<string, string> headers) => headers.Count == 0
        ? null
        : headers.ToDictionary(h => h.Key, IOpenApiHeader (h) => new OpenApiHeader
        {
            Description = h.Value,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        });

    private static OpenApiResponse Refusal(int status, IReadOnlyList<string> codes, OpenApiDocument document) => new()
    {
        Headers = Headers(HeadersOfRefusals.GetValueOrDefault(status, new Dictionary<string, string>())),
        Description = string.Join(" ", codes.Select(c => $"`{c}`")),
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [ProblemJson] = new()
            {
                Schema = new OpenApiSchema
                {
                    AllOf =
                    [
                        new OpenApiSchemaReference(nameof(Client.ProblemView), document),
                        Parse(
                            new JsonObject
                            {
                                ["properties"] = new JsonObject
                                {
                                    ["code"] = new JsonObject { ["enum"] = new JsonArray([.. codes.Select(c => (JsonNode)c)]) },
                                },
                            },
                            document),
                    ],
                },
            },
        },
    };

    private static string TagOf(string path) => path.Split('/')[3].Split('.')[0];

    private static OpenApiSchema Parse(JsonObject schema, OpenApiDocument document) =>
        OpenApiModelFactory.Parse<OpenApiSchema>(schema.ToJsonString(), OpenApiSpecVersion.OpenApi3_1, document, out _, "json")
        ?? throw new InvalidOperationException("A schema cannot be read: " + schema.ToJsonString());
}
