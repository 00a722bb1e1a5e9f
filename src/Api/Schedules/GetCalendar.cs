using System.Globalization;
using Calendar = Fleet.Core.Schedules.Preview.Calendar;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetCalendarEndpoints
{
    private static readonly TextParameter Zone = new("zone", "IANA id of the zone of days and hours. Left out: UTC.")
    {
        Refusals = ["unknown_zone"],
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/calendar", GetAsync).Declare(new("getCalendar", "Shows what fires when: expected starts and slots by day and hour.")
        {
            Permission = Permission.View,
            Description = "All running schedules, as `/simulation` has them, by the clock of a zone. `week` is a heat map of 7 × 24.",
            Parameters = [PreviewParameters.From, PreviewParameters.Until, Zone],
            Answers = [AnswerContract.Of<CalendarView>("The calendar.")],
            Problems = ["invalid_range"],
        });

    private static async Task<IResult> GetAsync(HttpContext http, SimulateSchedules simulate, TimeProvider time, CancellationToken ct)
    {
        var range = PreviewParameters.Read(http, time.GetUtcNow());
        var zone = Calendar.ZoneOf(Zone.Find(http));
        return Results.Json(ToView(Calendar.Of(await simulate.ExecuteAsync(range, ct), zone)), FleetJson.Payload);
    }

    private static CalendarView ToView(Calendar calendar) => new()
    {
        From = calendar.Simulation.Range.After.ToUniversalTime(),
        Until = calendar.Simulation.Range.Until.ToUniversalTime(),
        Zone = calendar.Zone.Id,
        Firings = calendar.Simulation.Firings,
        TruncatedAt = calendar.Simulation.TruncatedAt,
        HasDurations = calendar.Simulation.Schedules.Any(s => s.Schedule.MeanDuration is not null),
        Days =
        [
            .. calendar.Days.Select(day => new CalendarDayView
            {
                Date = day.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                Day = day.Date.DayOfWeek.ToWord(),
                Starts = day.Starts,
                Slots = [.. day.Slots.Select(Short)],
                ClockChange = day.ClockChange is { } change ? new CalendarClockChangeView
                {
                    At = change.At.ToOffset(change.After),
                    Minutes = (change.After - change.Before).TotalMinutes,
                } : null,
            }),
        ],
        Week =
        [
            .. calendar.Week.Select(day => new CalendarWeekDayView
            {
                Day = day.Day.ToWord(),
                Starts = [.. day.Starts.Select(Short)],
                Slots = [.. day.Slots.Select(Short)],
            }),
        ],
    };

    /// <summary>Without digits that nobody reads.</summary>
    private static double Short(double value) => Math.Round(value, value < 10 ? 3 : 1);
}
