using Fleet.Client;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/schedules", ListAsync).Produces<Page<ScheduleView>>().WithName("listSchedules");
        api.MapGet("/schedules/{id}", GetAsync).Produces<ScheduleView>().WithName("getSchedule");
    }

    private static async Task<IResult> ListAsync(GetSchedules get, CancellationToken ct)
    {
        var schedules = await get.ListAsync(ct);
        return Results.Json(new Page<ScheduleView> { Items = [.. schedules.Select(s => s.ToView())] }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetSchedules get, CancellationToken ct) =>
        await get.FindAsync(id, ct) is { } schedule
        ? Tagged.Show(http, schedule.ToView(), schedule.Row.EditVersion())
        : Problems.NotFound("schedule", id);
}
