using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Api.Events;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Lanes;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Lanes;

internal static class GetLanesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/lanes", ListAsync).Declare(new("listLanes", "Lists the lanes with what waits and runs in them.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            Description = "Figures are measured at most once a second. While the database is away, the last ones are shown for a minute.",
            Answers = [AnswerContract.Of<Page<LaneView>>("All lanes, by name.")],
        });
        api.MapGet("/lanes/{lane}", GetAsync).Declare(new("getLane", "Shows a lane with what waits and runs in it, and its pause.")
        {
            Permission = Permission.View,
            Parameters = [LaneParameters.Lane, CommonParameters.Known],
            Answers = [AnswerContract.OfTagged<LaneView>("The lane.")],
            Problems = ["not_found"],
        });
        api.MapGet("/lanes/{lane}/demand", DemandAsync).Declare(new("getLaneDemand", "Says how many slots a lane needs now and soon.")
        {
            Permission = Permission.Measure,
            Description = "For whoever starts and stops workers: `demand` is a plain number. Of a paused lane only running runs count.",
            Parameters = [LaneParameters.Lane],
            Answers = [AnswerContract.Of<LaneDemandView>("The demand.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(HttpContext http, LaneFigures figures, CancellationToken ct)
    {
        var who = Admission.PrincipalOf(http);
        var (lanes, age) = await figures.ListAsync(ct);
        return Results.Json(
            new Page<LaneView> { Items = [.. lanes.Where(lane => who.Sees(lane.Row.Name)).Select(lane => lane.ToView(age))] },
            FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string lane, HttpContext http, LaneFigures figures, CancellationToken ct) =>
        await figures.FindTaggedAsync(lane, ct) is { } tagged ? tagged.Show(http) : Problems.NotFound("lane", lane);

    private static async Task<IResult> DemandAsync(string lane, LaneFigures figures, CancellationToken ct)
    {
        if (await figures.FindAsync(lane, ct) is not var (figure, age))
            return Problems.NotFound("lane", lane);
        var demand = figure.Demand.ToView();
        return Results.Json(
            new LaneDemandView
            {
                Lane = lane,
                Demand = demand.Value,
                Relation = demand.Relation,
                Ready = figure.Ready.ToView(),
                Running = figure.Running.ToView(),
                ScheduledSoon = figure.Soon.ToView(),
                IsPaused = figure.IsPaused,
                Age = age,
            },
            FleetJson.Payload);
    }
}
