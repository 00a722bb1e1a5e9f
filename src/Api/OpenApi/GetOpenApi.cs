using Fleet.Api.Contract;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.OpenApi;

internal static class GetOpenApiEndpoints
{
    private const string Json = "application/json";

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/openapi.json", GetAsync).Declare(new("getOpenApi", "Answers this document.")
        {
            Permission = Permission.Any,
            Bound = BoundAnswer.Everything,
            Answers = [AnswerContract.Raw(Json, "The OpenAPI 3.1 document of this API.")],
        });

    private static async Task<IResult> GetAsync(HttpContext http, CancellationToken ct) =>
        Results.Bytes(await FleetOpenApi.WriteAsync(http, ct), Json);
}
