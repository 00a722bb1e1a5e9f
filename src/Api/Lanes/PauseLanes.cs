using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Lanes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Lanes;

internal static class PauseLanesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/lanes/{lane}/pause", PauseAsync).Declare(new("pauseLane", "Pauses a lane.")
        {
            Permission = Permission.Operate,
            Description = "It accepts runs, and no worker claims any of them until it is resumed, or until `until`. Running runs go on. "
                + "The lane need not exist yet. The answer comes when the pause is stored; `paused.unconfirmedWorkers` says how many "
                + "workers may still be claiming.",
            Parameters = [LaneParameters.Lane, CommonParameters.IfMatch, CommonParameters.IfNoneMatch],
            Body = BodyContract.Optional<PauseBody>(
                """{"reason":"the mail server moves","until":"2026-12-24T06:00:00Z"}""", PauseChecks.CheckAsync),
            Answers = [AnswerContract.OfTagged<LaneView>("The lane as it is now.")],
            Problems = ["invalid_lane", "too_many_lanes", "invalid_instant"],
        });
        api.MapPost("/lanes/{lane}/resume", ResumeAsync).Declare(new("resumeLane", "Resumes a lane that is paused.")
        {
            Permission = Permission.Operate,
            Description = "The runs that wait start at once. A lane that is not paused stays as it is.",
            Parameters = [LaneParameters.Lane, CommonParameters.IfMatch, CommonParameters.IfNoneMatch],
            Body = BodyContract.Optional<EmptyBody>("{}"),
            Answers = [AnswerContract.OfTagged<LaneView>("The lane as it is now.")],
            Problems = ["not_found"],
        });
    }

    /// <summary>Answers when the pause is stored. Workers hear of it within moments; the answer says how many have not confirmed.</summary>
    private static async Task<IResult> PauseAsync(
        string lane, HttpContext http, PauseLanes pauses, LaneFigures figures, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<PauseBody>(http, ct);
        var until = PauseChecks.Read(http, body);
        var expected = Preconditions.ReadOptional(http);
        return await Preconditions.AnsweringAsync(
            async () =>
            {
                await pauses.PauseAsync(lane, until, body.Reason, Caller.Of(http), expected, CancellationToken.None);
                return await ShowAsync(lane, http, figures, ct);
            },
            http,
            () => figures.FindTaggedAsync(lane, ct));
    }

    private static async Task<IResult> ResumeAsync(
        string lane, HttpContext http, PauseLanes pauses, LaneFigures figures, CancellationToken ct)
    {
        await RequestBody.ReadAsync<EmptyBody>(http, ct);
        var expected = Preconditions.ReadOptional(http);
        return await Preconditions.AnsweringAsync(
            async () => await pauses.ResumeAsync(lane, Caller.Of(http), expected, CancellationToken.None)
                ? await ShowAsync(lane, http, figures, ct)
                : Problems.NotFound("lane", lane),
            http,
            () => figures.FindTaggedAsync(lane, ct));
    }

    private static async Task<IResult> ShowAsync(string lane, HttpContext http, LaneFigures figures, CancellationToken ct)
    {
        figures.Forget(lane);
        return await figures.FindTaggedAsync(lane, ct) is { } tagged ? tagged.Show(http) : Problems.NotFound("lane", lane);
    }
}
