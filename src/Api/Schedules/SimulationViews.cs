using Fleet.Client;
using Fleet.Core.Schedules.Preview;

namespace Fleet.Api.Schedules;

/// <summary>Simulations as the API shows them.</summary>
internal static class SimulationViews
{
    private const int Hour = 60;

    // A week in minutes takes about 50 kB, a year in hours as well.
    private static readonly TimeSpan MaxRangeByMinute = TimeSpan.FromDays(8);

    public static SimulationView ToView(this Simulation simulation) => new()
    {
        From = simulation.Range.After.ToUniversalTime(),
        Until = simulation.Range.Until.ToUniversalTime(),
        Firings = simulation.Firings,
        TruncatedAt = simulation.TruncatedAt,
        Schedules =
        [
            .. simulation.Schedules.Select(s => new SimulatedScheduleView
            {
                Id = s.Schedule.Id,
                Lane = s.Schedule.Lane,
                Zone = s.Schedule.Zone,
                Firings = s.Count,
                MeanSeconds = s.Schedule.MeanDuration?.TotalSeconds,
                Next = s.Next,
                ClockEffects = [.. s.ClockEffects.Select(e => e.ToView())],
            }),
        ],
        Lanes =
        [
            .. simulation.Lanes.Select(l => new LaneLoadView
            {
                Lane = l.Lane,
                Firings = l.Firings,
                BusySeconds = Short(l.BusySeconds),
                MostAtOnce = l.MostAtOnce,
                MostAtOnceAt = l.MostAtOnceAt,
            }),
        ],
        Busiest =
        [
            .. simulation.Busiest.Select(m => new BusyMinuteView
            {
                Minute = m.Minute,
                Starts = m.Starts,
                BusySeconds = Short(m.BusySeconds),
                Schedules = [.. m.Schedules.Select(s => new FiringsView { Id = s.Key, Firings = s.Value })],
                MoreSchedules = m.MoreSchedules,
            }),
        ],
        Load = ToHeatMap(simulation),
    };

    private static HeatMapView ToHeatMap(Simulation simulation)
    {
        var load = simulation.Load;
        var perCell = simulation.Range.Until - simulation.Range.After <= MaxRangeByMinute ? 1 : Hour;
        var intoCell = load.First.Minute % perCell;
        var cells = ((load.Starts.Length + intoCell - 1) / perCell) + 1;
        var (starts, busy) = (new int[cells], new double[cells]);
        for (var i = 0; i < load.Starts.Length; i++)
        {
            starts[(i + intoCell) / perCell] += load.Starts[i];
            busy[(i + intoCell) / perCell] += load.BusySeconds[i];
        }

        return new HeatMapView
        {
            From = load.First.AddMinutes(-intoCell),
            MinutesPerCell = perCell,
            Starts = starts,
            BusySeconds = Array.ConvertAll(busy, Short),
        };
    }

    /// <summary>Seconds without digits that nobody reads.</summary>
    private static double Short(double seconds) => Math.Round(seconds, seconds < 10 ? 2 : 0);
}
