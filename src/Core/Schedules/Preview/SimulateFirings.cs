namespace Fleet.Core.Schedules.Preview;

/// <summary>Computes future fire times and load from triggers alone. A pure function.</summary>
public static class SimulateFirings
{
    /// <summary>Maximum number of fire times that are counted, over all schedules.</summary>
    public const int MaxFirings = 1_000_000;

    /// <summary>Number of fire times that are listed per schedule.</summary>
    public const int ListedPerSchedule = 5;

    /// <summary>Number of busiest minutes that are listed.</summary>
    public const int ListedMinutes = 10;

    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    /// <param name="schedules">The schedules that fire.</param>
    /// <param name="range">The range; at most <see cref="PreviewRange.Longest"/>.</param>
    /// <param name="maxFirings">Maximum number of fire times that are counted.</param>
    /// <param name="ct">Cancels it.</param>
    public static Simulation Execute(
        IReadOnlyList<SimulatedSchedule> schedules, PreviewRange range, int maxFirings = MaxFirings, CancellationToken ct = default)
    {
        var load = new LoadMap(range);
        var counted = schedules.Select(s => new Counted(s)).ToList();
        var lanes = new SortedDictionary<string, LaneCount>(StringComparer.Ordinal);

        // Fire times are counted in chronological order, so when the limit is reached the counts before that instant are complete.
        var queue = new PriorityQueue<Counted, long>();
        foreach (var schedule in counted)
            Enqueue(schedule, range.After);
        var firings = 0;
        for (; firings < maxFirings && queue.TryDequeue(out var schedule, out var ticks); firings++)
        {
            if (firings % 1024 == 0)
                ct.ThrowIfCancellationRequested();
            var fireTime = new DateTimeOffset(ticks, TimeSpan.Zero);
            var (lane, duration) = (schedule.Schedule.Lane, schedule.Schedule.MeanDuration ?? TimeSpan.Zero);
            schedule.Add(fireTime);
            load.Add(fireTime, duration);
            if (!lanes.TryGetValue(lane, out var laneCount))
                lanes[lane] = laneCount = new LaneCount();
            laneCount.Add(fireTime, duration);
            Enqueue(schedule, fireTime);
        }

        DateTimeOffset? truncatedAt = queue.TryPeek(out _, out var rest) ? new DateTimeOffset(rest, TimeSpan.Zero) : null;
        load.Complete();
        var complete = range with { Until = truncatedAt - Tick ?? range.Until };
        return new Simulation
        {
            Range = range,
            Firings = firings,
            TruncatedAt = truncatedAt,
            Schedules = [.. counted.Select(c => c.ToFirings(complete))],
            Lanes = [.. lanes.Select(l => l.Value.ToLoad(l.Key))],
            Busiest = Busiest(load, schedules, range),
            Load = load,
        };

        void Enqueue(Counted schedule, DateTimeOffset after)
        {
            if (schedule.Schedule.Trigger.Next(after) is { } next && next <= range.Until)
                queue.Enqueue(schedule, next.UtcTicks);
        }
    }

    private static List<BusyMinute> Busiest(LoadMap load, IReadOnlyList<SimulatedSchedule> schedules, PreviewRange range)
    {
        // A heap of the best minutes so far, the worst on top. Of equal minutes the earlier one stays.
        var best = new PriorityQueue<int, (int Starts, double Busy, int Earlier)>();
        for (var i = 0; i < load.Starts.Length; i++)
        {
            if (load.Starts[i] == 0)
                continue;
            var rank = (load.Starts[i], load.BusySeconds[i], -i);
            if (best.Count < ListedMinutes)
                best.Enqueue(i, rank);
            else
                best.EnqueueDequeue(i, rank);
        }

        var busiest = new List<BusyMinute>();
        while (best.TryDequeue(out var i, out _))
        {
            // The schedules of a busy minute are computed again, because storing them for every minute would use far more memory.
            var (from, until) = (load.MinuteAt(i) - Tick, load.MinuteAt(i + 1) - Tick);
            var (after, end) = (from < range.After ? range.After : from, until > range.Until ? range.Until : until);
            var who = schedules.Select(s => KeyValuePair.Create(s.Id, s.Trigger.Between(after, end).Count())).Where(s => s.Value > 0)
                .OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).ToList();
            busiest.Add(new BusyMinute(
                load.MinuteAt(i), load.Starts[i], load.BusySeconds[i], [.. who.Take(BusyMinute.MaxSchedules)],
                Math.Max(0, who.Count - BusyMinute.MaxSchedules)));
        }

        busiest.Reverse();
        return busiest;
    }

    private sealed class Counted(SimulatedSchedule schedule)
    {
        private readonly List<DateTimeOffset> _next = [];
        private int _count;

        public SimulatedSchedule Schedule => schedule;

        public void Add(DateTimeOffset fireTime)
        {
            if (_count++ < ListedPerSchedule)
                _next.Add(fireTime);
        }

        public ScheduleFirings ToFirings(PreviewRange complete) => new(
            schedule, _count, _next, ClockEffects.Summarize(schedule.Trigger, schedule.Cron, schedule.Zone, complete));
    }

    private sealed class LaneCount
    {
        private readonly RunsAtOnce _atOnce = new();
        private int _firings;
        private double _busy;
        private int _most;
        private DateTimeOffset _mostAt;

        public void Add(DateTimeOffset fireTime, TimeSpan duration)
        {
            _firings++;
            _busy += duration.TotalSeconds;
            if (_atOnce.Add(fireTime, duration) is var atOnce && atOnce > _most)
                (_most, _mostAt) = (atOnce, fireTime);
        }

        public LaneLoad ToLoad(string lane) => new(lane, _firings, _busy, _most, _mostAt);
    }
}
