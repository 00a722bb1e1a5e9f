using Fleet.Client;
using Fleet.Core.Search;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class CountRunsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/runs/count", CountAsync).TakesQuery([.. RunTerms.Parameters, "by"]).Produces<RunCountView>().WithName("countRuns");

    /// <summary>What a count is divided by.</summary>
    private enum Division
    {
        State = 0,
    }

    private static async Task<IResult> CountAsync(HttpContext http, CountRuns count, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryString(http);
        var byState = query.Word<Division>("by") is Division.State;
        var counted = await count.ExecuteAsync(RunTerms.Read(query, time.GetUtcNow()), byState, ct);
        return Results.Json(
            new RunCountView
            {
                Value = counted.Number.Value,
                Relation = Relation(counted.Number),
                States = byState
                    ? counted.States.ToDictionary(
                        s => s.Key.ToWord(), s => new CountView { Value = s.Value.Value, Relation = Relation(s.Value) },
                        StringComparer.Ordinal)
                    : null,
                Scanned = counted.Scanned.ToView(),
            },
            FleetJson.Payload);
    }

    private static string Relation(Counted counted) => counted.IsExact ? "eq" : "gte";
}
