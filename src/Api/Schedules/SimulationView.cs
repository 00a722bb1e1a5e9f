using Fleet.Core.Schedules.Preview;

namespace Fleet.Api.Schedules;

/// <summary>What the running schedules will do in a range.</summary>
public sealed record SimulationView
{
    /// <summary>Fire times after this instant.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Up to and including this one.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>How many fire times there are.</summary>
    public required int Firings { get; init; }

    /// <summary>The first fire time that was not counted, because there are more than a million: all figures are of what comes before it.
    /// Null: all were counted.</summary>
    public required DateTimeOffset? TruncatedAt { get; init; }

    public required IReadOnlyList<SimulatedScheduleView> Schedules { get; init; }
    public required IReadOnlyList<LaneLoadView> Lanes { get; init; }

    /// <summary>The minutes in which most runs start, most first.</summary>
    public required IReadOnlyList<BusyMinuteView> Busiest { get; init; }

    public required HeatMapView Load { get; init; }

    internal static SimulationView Of(Simulation simulation) => new()
    {
        From = simulation.Range.After.ToUniversalTime(),
        Until = simulation.Range.Until.ToUniversalTime(),
        Firings = simulation.Firings,
        TruncatedAt = simulation.TruncatedAt,
        Schedules = [.. simulation.Schedules.Select(s => new SimulatedScheduleView(
            s.Schedule.Id, s.Schedule.Lane, s.Schedule.Zone, s.Count, s.Schedule.MeanDuration?.TotalSeconds, s.Next,
            [.. s.ClockEffects.Select(ClockEffectView.From)]))],
        Lanes = [.. simulation.Lanes.Select(
            l => new LaneLoadView(l.Lane, l.Firings, HeatMapView.Short(l.BusySeconds), l.MostAtOnce, l.MostAtOnceAt))],
        Busiest = [.. simulation.Busiest.Select(m => new BusyMinuteView(
            m.Minute, m.Starts, HeatMapView.Short(m.BusySeconds), [.. m.Schedules.Select(s => new FiringsView(s.Key, s.Value))],
            m.MoreSchedules))],
        Load = HeatMapView.Of(simulation),
    };
}

/// <summary>What one schedule will do.</summary>
/// <param name="Lane">Where its runs go.</param>
/// <param name="Zone">IANA id of its time zone; null is UTC.</param>
/// <param name="Firings">How many fire times it has.</param>
/// <param name="MeanSeconds">How long its job's runs took of late, in seconds. Null: none has succeeded, so its load counts as
/// zero.</param>
/// <param name="Next">The first fire times, in UTC.</param>
/// <param name="ClockEffects">Fire times that changes of the clock affect.</param>
public sealed record SimulatedScheduleView(
    string Id, string Lane, string? Zone, int Firings, double? MeanSeconds,
    IReadOnlyList<DateTimeOffset> Next, IReadOnlyList<ClockEffectView> ClockEffects);

/// <summary>What one lane will have to do.</summary>
/// <param name="Firings">How many runs start in it.</param>
/// <param name="BusySeconds">How long they take in all.</param>
/// <param name="MostAtOnce">How many are busy at the same time where they are most: the slots that let none wait.</param>
/// <param name="MostAtOnceAt">When that is so for the first time.</param>
public sealed record LaneLoadView(string Lane, int Firings, double BusySeconds, int MostAtOnce, DateTimeOffset MostAtOnceAt);

/// <summary>A minute in which runs start.</summary>
/// <param name="Minute">In UTC.</param>
/// <param name="BusySeconds">For how many seconds runs are busy in it.</param>
/// <param name="Schedules">Those that fire in it, most often first; at most ten.</param>
/// <param name="MoreSchedules">How many more there are.</param>
public sealed record BusyMinuteView(
    DateTimeOffset Minute, int Starts, double BusySeconds, IReadOnlyList<FiringsView> Schedules, int MoreSchedules);

/// <summary>How often a schedule fires.</summary>
public sealed record FiringsView(string Id, int Firings);

/// <summary>The load cell by cell. A cell is a minute in a range of up to 8 days, else an hour.</summary>
public sealed record HeatMapView
{
    private const int Hour = 60;

    // A week in minutes takes about 50 kB, a year in hours as well.
    private static readonly TimeSpan MostInMinutes = TimeSpan.FromDays(8);

    /// <summary>Where the first cell begins: a whole minute, or a whole hour; in UTC.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>1 or 60.</summary>
    public required int MinutesPerCell { get; init; }

    /// <summary>Runs that start, cell by cell.</summary>
    public required IReadOnlyList<int> Starts { get; init; }

    /// <summary>Seconds of work, cell by cell: 60 a minute when one run is busy all the time. Two decimals below 10, else whole.</summary>
    public required IReadOnlyList<double> BusySeconds { get; init; }

    internal static HeatMapView Of(Simulation simulation)
    {
        var load = simulation.Load;
        var perCell = simulation.Range.Until - simulation.Range.After <= MostInMinutes ? 1 : Hour;
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
    internal static double Short(double seconds) => Math.Round(seconds, seconds < 10 ? 2 : 0);
}
