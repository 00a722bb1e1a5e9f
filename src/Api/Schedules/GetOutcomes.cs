using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetOutcomesEndpoints
{
    private static readonly NumberParameter Limit = new("limit", "The maximum number of outcomes.", 1, GetOutcomes.MaxOutcomes)
    {
        Default = 30,
        Example = "30",
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/outcomes", GetAsync).Declare(new("getOutcomes", "Says what became of the last fire times.")
        {
            Permission = Permission.View,
            Parameters = [CommonParameters.ScheduleId, Limit],
            Answers = [AnswerContract.Of<Page<OccurrenceView>>("The outcomes, the latest fire time first.")],
            Problems = ["not_found"],
        });

    public static OccurrenceView ToView(this Occurrence occurrence) => new()
    {
        FireTime = occurrence.FireTime,
        Outcome = occurrence.Outcome.ToWord(),
        Run = occurrence.Run?.ToString(),
        StartedAt = occurrence.StartedAt,
        FinishedAt = occurrence.FinishedAt,
        LateBy = occurrence.LateBy,
        Duration = occurrence.Duration,
        Count = occurrence.Count,
        First = occurrence.Count > 1 ? occurrence.First : null,
    };

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetOutcomes get, CancellationToken ct) =>
        await get.FindAsync(id, Limit.Of(http), ct) is { } outcomes
            ? Results.Json(new Page<OccurrenceView> { Items = [.. outcomes.Select(ToView)] }, FleetJson.Payload)
            : Problems.NotFound("schedule", id);
}
