using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Operations;
using Fleet.Core.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.Access;

/// <summary>Keeps callers out of what is not theirs: who is bound to lanes sees nothing of others, and a submitter sees the runs that it
/// has enqueued itself. What is not theirs is not there for them.</summary>
internal sealed class BoundAccess(IStorage storage, JobCatalog catalog)
{
    /// <summary>Whether a caller has to be kept out of anything.</summary>
    public static bool Concerns(Principal who) => who.Lanes is not null || !SeesOthers(who);

    /// <summary>The refusal of a request to a thing in the path that is not the caller's; null for any other.</summary>
    public async Task<IResult?> RefuseAsync(HttpContext http, EndpointContract contract, Principal who)
    {
        var values = http.Request.RouteValues;
        switch (Thing(http))
        {
            case "lanes":
                var lane = (string)values["lane"]!;
                return who.Sees(lane) ? null : Problems.NotFound("lane", lane);
            case "schedules" when values.TryGetValue("id", out var id):
                return await IsTheirScheduleAsync((string)id!, who, http.RequestAborted)
                    ? null
                    : Problems.NotFound("schedule", (string)id!);
            case "runs" or "dead-letters" when values.TryGetValue("id", out var id):
                return await IsTheirRunAsync((string)id!, who, http.RequestAborted) ? null : Problems.NotFound("run", (string)id!);
            case "operations" when values.TryGetValue("id", out var id):
                return await IsTheirOperationAsync((string)id!, who, http.RequestAborted)
                    ? null
                    : Problems.NotFound("operation", (string)id!);
            default:
                return contract.Bound != BoundAnswer.Nothing || who.Lanes is null
                    ? null
                    : Problems.Make(
                        StatusCodes.Status403Forbidden, "bound_to_lanes",
                        $"{who.Name} is bound to the lanes {string.Join(", ", who.Lanes)}; this is about the whole fleet.");
        }
    }

    /// <summary>Whether a run is theirs. A run that is not there, or an id that is none, is left to the endpoint.</summary>
    public async Task<bool> IsTheirRunAsync(string id, Principal who, CancellationToken ct)
    {
        if (!RunId.TryParse(id, out var runId))
            return true;
        await using var db = storage.Read();
        // Also one that was deleted: it can be explained.
        return await db.Runs.IgnoreQueryFilters().Where(r => r.Id == runId).Select(r => new { r.Lane, r.EnqueuedBy })
                .FirstOrDefaultAsync(ct) is not { } run
            || (who.Sees(run.Lane) && (SeesOthers(who) || IsBy(run.EnqueuedBy, who)));
    }

    private static bool SeesOthers(Principal who) => who.Role.May(Permission.View);

    private static bool IsBy(Actor? actor, Principal who) => actor is not null && actor.Kind == who.Kind && actor.Name == who.Name;

    /// <summary>The word of the path behind the API's prefix that says what the id belongs to.</summary>
    private static string? Thing(HttpContext http)
    {
        var pattern = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern;
        var segments = pattern?.PathSegments.Select(s => s.Parts is [Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart word]
            ? word.Content
            : "").ToList() ?? [];
        var version = segments.LastIndexOf("v1");
        // The last two of /api/v1/{thing}/{id}; a list has no id.
        return version >= 0 && segments.Count > version + 2 && segments[version + 2].Length == 0 ? segments[version + 1] : null;
    }

    /// <summary>Whether an operation can touch their lanes only. One that is not there is left to the endpoint.</summary>
    public async Task<bool> IsTheirOperationAsync(string id, Principal who, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Operations.AsNoTracking().FirstOrDefaultAsync(o => o.Id == id, ct) is not { } operation
            || operation.IsSeenWithin(who.Lanes);
    }

    private async Task<bool> IsTheirScheduleAsync(string id, Principal who, CancellationToken ct)
    {
        await using var db = storage.Read();
        var schedule = await db.Schedules.Where(s => s.Id == id).Select(s => new { s.Lane, s.Job }).FirstOrDefaultAsync(ct);
        return schedule is null || who.Sees(schedule.Lane ?? await catalog.FindLaneAsync(schedule.Job, ct));
    }
}
