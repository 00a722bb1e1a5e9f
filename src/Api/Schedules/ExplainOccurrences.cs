using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Explain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class ExplainOccurrencesEndpoints
{
    private static readonly InstantParameter At = new("at", "The instant: a fire time, or a time at which the schedule did not fire.")
    {
        IsRequired = true,
        Example = "2026-01-31T12:00:00Z",
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/explain", ExplainAsync).Declare(
            new("explainOccurrence", "Says what became of a fire time of a schedule, or why the schedule did not fire at a time.")
            {
                Permission = Permission.View,
                Description = "If the fire time has a run, the run is explained. Otherwise `now.reasons` say why it has none: by the "
                    + "schedule as it is now, because earlier definitions are not stored.",
                Parameters = [CommonParameters.ScheduleId, At],
                Answers = [AnswerContract.Of<ExplanationView>("The explanation.")],
                Problems = ["not_found"],
            });

    private static async Task<IResult> ExplainAsync(string id, HttpContext http, ExplainOccurrences explain, CancellationToken ct) =>
        await explain.ExecuteAsync(id, At.Find(http)!.Value, ct) is { } explanation
            ? ExplanationViews.Answer(explanation, id, http)
            : Problems.NotFound("schedule", id);
}
