using Fleet.Api.Contract;
using Fleet.Api.Events;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Search;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class CountRunsEndpoints
{
    private static readonly WordParameter<Division> By = new(
        "by",
        "`state`: also counts the runs of each state: `ready` and `scheduled`, which are pending together, `running`, `succeeded`, "
        + "`failed` and `canceled`. A query for states counts those alone.")
    {
        Example = "state",
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/runs/count", CountAsync).Declare(new("countRuns", "Counts the runs that match a query, up to 10,000.")
        {
            Permission = Permission.View,
            IsSearch = true,
            Bound = BoundAnswer.Filtered,
            Description = "`relation` is `eq` for an exact number. It is `gte` if there are at least as many: more than 10,000, or the "
                + "search reached its limit, which `scanned` tells.",
            Parameters = [.. RunTerms.Parameters, By],
            Answers = [AnswerContract.Of<RunCountView>("The number of runs.")],
            Problems = RunTerms.Codes,
        });

    /// <summary>What a count is divided by.</summary>
    private enum Division
    {
        State = 0,
    }

    private static async Task<IResult> CountAsync(HttpContext http, CountRuns count, TimeProvider time, CancellationToken ct)
    {
        var byState = By.Find(http) is Division.State;
        var counted = await count.ExecuteAsync(RunTerms.Read(http, time.GetUtcNow()), byState, ct);
        var number = counted.Number.ToView();
        return Results.Json(
            new RunCountView
            {
                Value = number.Value,
                Relation = number.Relation,
                States = byState
                    ? counted.States.ToDictionary(s => s.Key.ToWord(), s => s.Value.ToView(), StringComparer.Ordinal)
                    : null,
                Scanned = counted.Scanned.ToView(),
            },
            FleetJson.Payload);
    }
}
