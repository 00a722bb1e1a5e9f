using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Preview;

/// <summary>A minute in which a schedule fires together with others of its lane.</summary>
/// <param name="Minute">The whole minute, in UTC.</param>
/// <param name="Starts">Number of runs of the lane that start in it, the schedule's own included.</param>
/// <param name="ExpectedSlots">Maximum number of runs of the lane that execute at once in it, by the mean durations of their jobs.</param>
/// <param name="Schedules">The other schedules that fire in it, with the number of their fire times, by id; at most
/// <see cref="BusyMinute.MaxSchedules"/>.</param>
/// <param name="MoreSchedules">Number of further schedules that fire in it.</param>
public sealed record Collision(
    DateTimeOffset Minute, int Starts, int ExpectedSlots, IReadOnlyList<KeyValuePair<string, int>> Schedules, int MoreSchedules);

/// <summary>The minutes in which a schedule would fire together with others of its lane.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Slots">Number of slots that the active workers have for the lane.</param>
/// <param name="Count">Number of such minutes.</param>
/// <param name="Worst">Those that need most slots, then those with most starts, then the earlier ones; at most
/// <see cref="FindCollisions.MaxListed"/>.</param>
/// <param name="TruncatedAt">The first fire time that was not counted because there are too many. Null: all were counted.</param>
public sealed record Collisions(string Lane, int Slots, int Count, IReadOnlyList<Collision> Worst, DateTimeOffset? TruncatedAt);

/// <summary>Finds the other schedules that fire in the same minutes as one that is about to be changed. Changes nothing.</summary>
public sealed class FindCollisions(IStorage storage, SimulateSchedules simulate)
{
    /// <summary>Maximum number of minutes that are listed.</summary>
    public const int MaxListed = 10;

    /// <summary>Maximum number of fire times that are counted, over all schedules of the lane.</summary>
    public const int MaxFirings = 200_000;

    /// <param name="edited">The schedule after the edit.</param>
    /// <param name="range">The range of fire times.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<Collisions> ExecuteAsync(Schedule edited, PreviewRange range, CancellationToken ct)
    {
        var schedules = await simulate.ReadAsync(edited, ct);
        var one = schedules.Single(s => s.Id == edited.Id);
        return Execute(one, [.. schedules.Where(s => s != one)], range, await CountSlotsAsync(one.Lane, ct));
    }

    /// <summary>The same as a pure function.</summary>
    /// <param name="edited">The schedule after the edit.</param>
    /// <param name="others">The other schedules that fire. Those of other lanes are ignored.</param>
    /// <param name="range">The range of fire times.</param>
    /// <param name="slots">Number of slots of the lane.</param>
    /// <param name="maxFirings">Maximum number of fire times that are counted.</param>
    public static Collisions Execute(
        SimulatedSchedule edited, IReadOnlyList<SimulatedSchedule> others, PreviewRange range, int slots, int maxFirings = MaxFirings)
    {
        var queue = new PriorityQueue<SimulatedSchedule, long>();
        foreach (var schedule in others.Where(s => s.Lane == edited.Lane).Append(edited))
            Enqueue(schedule, range.After);

        // In chronological order, so that the runs that still execute at an instant are known.
        var atOnce = new RunsAtOnce();
        var worst = new PriorityQueue<Collision, (int Slots, int Starts, long Earlier)>();
        var minute = new OneMinute(DateTimeOffset.MinValue);
        var count = 0;
        for (var firings = 0; firings < maxFirings && queue.TryDequeue(out var schedule, out var ticks); firings++)
        {
            var start = new DateTimeOffset(ticks - (ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);
            if (start != minute.Start)
            {
                Close();
                minute = new OneMinute(start);
            }

            var fireTime = new DateTimeOffset(ticks, TimeSpan.Zero);
            minute.Add(schedule.Id, atOnce.Add(fireTime, schedule.MeanDuration ?? TimeSpan.Zero));
            Enqueue(schedule, fireTime);
        }

        Close();
        var listed = new List<Collision>();
        while (worst.TryDequeue(out var collision, out _))
            listed.Insert(0, collision);
        return new Collisions(
            edited.Lane, slots, count, listed, queue.TryPeek(out _, out var rest) ? new DateTimeOffset(rest, TimeSpan.Zero) : null);

        void Enqueue(SimulatedSchedule schedule, DateTimeOffset after)
        {
            if (schedule.Trigger.Next(after) is { } next && next <= range.Until)
                queue.Enqueue(schedule, next.UtcTicks);
        }

        void Close()
        {
            if (minute.ToCollision(edited.Id) is not { } collision)
                return;
            count++;
            worst.Enqueue(collision, (collision.ExpectedSlots, collision.Starts, -collision.Minute.UtcTicks));
            if (worst.Count > MaxListed)
                worst.Dequeue();
        }
    }

    private async Task<int> CountSlotsAsync(string lane, CancellationToken ct)
    {
        await using var db = storage.Read();
        var workers = await db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Active).Select(w => w.Lanes).ToListAsync(ct);
        return workers.Sum(lanes => WorkerRow.ReadLanes(lanes).GetValueOrDefault(lane));
    }

    private sealed class OneMinute(DateTimeOffset start)
    {
        private readonly Dictionary<string, int> _firings = new(StringComparer.Ordinal);
        private int _atOnce;

        public DateTimeOffset Start => start;

        public void Add(string schedule, int atOnce)
        {
            _firings[schedule] = _firings.GetValueOrDefault(schedule) + 1;
            _atOnce = Math.Max(_atOnce, atOnce);
        }

        /// <summary>Null when the edited schedule does not fire in this minute, or fires alone.</summary>
        public Collision? ToCollision(string edited)
        {
            if (_firings.Count < 2 || !_firings.ContainsKey(edited))
                return null;
            var starts = _firings.Values.Sum();
            var others = _firings.Where(f => f.Key != edited).OrderBy(f => f.Key, StringComparer.Ordinal).ToList();
            return new Collision(
                start, starts, _atOnce, [.. others.Take(BusyMinute.MaxSchedules)], Math.Max(0, others.Count - BusyMinute.MaxSchedules));
        }
    }
}
