using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules.Preview;

/// <summary>The load of a simulation by the clock of a zone: days of 24 hours, and a week of 7 × 24. A pure function of the
/// simulation.</summary>
public sealed record Calendar
{
    /// <summary>Days of a week.</summary>
    public const int DaysPerWeek = 7;

    /// <summary>Hours that a clock shows.</summary>
    public const int HoursPerDay = 24;

    private const int MinutesPerHour = 60;
    private const double SecondsPerMinute = 60;

    public required Simulation Simulation { get; init; }

    /// <summary>The zone of days and hours.</summary>
    public required TimeZoneInfo Zone { get; init; }

    /// <summary>The days of the range, also those without a start. The first and the last may be a part of a day.</summary>
    public required IReadOnlyList<CalendarDay> Days { get; init; }

    /// <summary>The mean over the weeks of the range, Monday first.</summary>
    public required IReadOnlyList<CalendarWeekDay> Week { get; init; }

    /// <summary>Sums up a simulation.</summary>
    public static Calendar Of(Simulation simulation, TimeZoneInfo zone)
    {
        var (range, load) = (simulation.Range, simulation.Load);
        var firstDay = DateOf(range.After);
        var days = new DayCount[DateOf(range.Until).DayNumber - firstDay.DayNumber + 1];
        for (var i = 0; i < days.Length; i++)
            days[i] = new DayCount();
        // The offset is looked up once an hour of the range: zones change it on whole quarters of an hour at the most.
        const int Step = 15;
        for (var i = 0; i < load.Starts.Length; i += Step - (load.MinuteAt(i).Minute % Step))
        {
            var local = TimeZoneInfo.ConvertTime(load.MinuteAt(i), zone);
            var day = days[Math.Clamp(DateOnly.FromDateTime(local.DateTime).DayNumber - firstDay.DayNumber, 0, days.Length - 1)];
            var end = Math.Min(load.Starts.Length, i + Step - (load.MinuteAt(i).Minute % Step));
            for (var minute = i; minute < end; minute++)
            {
                // Zones with odd minutes exist in the past only.
                day.Minutes[local.Hour]++;
                day.Starts[local.Hour] += load.Starts[minute];
                day.BusySeconds[local.Hour] += load.BusySeconds[minute];
            }
        }

        var changes = ClockChange.Between(zone, range.After, range.Until).ToLookup(c => DateOnly.FromDateTime(c.WallBefore));
        var made = days.Select((day, i) => day.ToDay(
            firstDay.AddDays(i), changes[firstDay.AddDays(i)].Select(c => (ClockChange?)c).FirstOrDefault())).ToList();
        return new Calendar { Simulation = simulation, Zone = zone, Days = made, Week = WeekOf(days, firstDay) };

        DateOnly DateOf(DateTimeOffset at) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);
    }

    /// <summary>Finds the zone.</summary>
    /// <param name="id">Null: UTC.</param>
    /// <exception cref="InvalidRunException">There is no such zone.</exception>
    public static TimeZoneInfo ZoneOf(string? id) =>
        Zones.TryFind(id, out var zone, out var error) ? zone : throw new InvalidRunException(error);

    /// <summary>Per hour of the week: starts in such an hour, and slots in use on average, over all that the range has of it.</summary>
    private static List<CalendarWeekDay> WeekOf(DayCount[] days, DateOnly firstDay)
    {
        var week = new DayCount[DaysPerWeek];
        for (var i = 0; i < week.Length; i++)
            week[i] = new DayCount();
        for (var i = 0; i < days.Length; i++)
        {
            // Monday first.
            var sum = week[((int)firstDay.AddDays(i).DayOfWeek + DaysPerWeek - 1) % DaysPerWeek];
            for (var hour = 0; hour < HoursPerDay; hour++)
            {
                sum.Minutes[hour] += days[i].Minutes[hour];
                sum.Starts[hour] += days[i].Starts[hour];
                sum.BusySeconds[hour] += days[i].BusySeconds[hour];
            }
        }

        return
        [
            .. week.Select((sum, i) => new CalendarWeekDay(
                (DayOfWeek)((i + 1) % DaysPerWeek),
                [.. Enumerable.Range(0, HoursPerDay).Select(h => PerMinute(sum.Starts[h], sum.Minutes[h]) * MinutesPerHour)],
                [.. Enumerable.Range(0, HoursPerDay).Select(h => PerMinute(sum.BusySeconds[h], sum.Minutes[h]) / SecondsPerMinute)])),
        ];
    }

    private static double PerMinute(double value, int minutes) => minutes == 0 ? 0 : value / minutes;

    private sealed class DayCount
    {
        public int[] Minutes { get; } = new int[HoursPerDay];

        public int[] Starts { get; } = new int[HoursPerDay];

        public double[] BusySeconds { get; } = new double[HoursPerDay];

        public CalendarDay ToDay(DateOnly date, ClockChange? change) => new(
            date, Starts, [.. Enumerable.Range(0, HoursPerDay).Select(h => PerMinute(BusySeconds[h], Minutes[h]) / SecondsPerMinute)],
            change);
    }
}

/// <summary>A day by the clock of the zone.</summary>
/// <param name="Date">The date.</param>
/// <param name="Starts">Runs that start, by the hour that the clock shows. An hour that the clock shows twice has both.</param>
/// <param name="Slots">Slots that are expected in use on average, by hour.</param>
/// <param name="ClockChange">The change of the clock on this day; null for none.</param>
public sealed record CalendarDay(DateOnly Date, IReadOnlyList<int> Starts, IReadOnlyList<double> Slots, ClockChange? ClockChange);

/// <summary>A day of the week, as the mean of such days.</summary>
/// <param name="Day">The day.</param>
/// <param name="Starts">Runs that start in such an hour.</param>
/// <param name="Slots">Slots that are expected in use on average.</param>
public sealed record CalendarWeekDay(DayOfWeek Day, IReadOnlyList<double> Starts, IReadOnlyList<double> Slots);
