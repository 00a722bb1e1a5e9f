using System.Globalization;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Statistics;

/// <summary>The length of the periods of an answer.</summary>
public enum StatisticsStep
{
    Minute = 0,

    /// <summary>A quarter of an hour.</summary>
    Quarter = 1,

    Hour = 2,

    /// <summary>A day in UTC.</summary>
    Day = 3,

    /// <summary>One period: the whole range.</summary>
    Whole = 4,
}

/// <summary>What each series of an answer stands for.</summary>
public enum StatisticsBy
{
    /// <summary>One series for everything.</summary>
    None = 0,

    Job = 1,

    Lane = 2,

    Outcome = 3,
}

/// <summary>Which series come first, and which are left when there are too many.</summary>
public enum StatisticsOrder
{
    /// <summary>Number of ends.</summary>
    Ends = 0,

    /// <summary>Number of failed and retried attempts.</summary>
    Failures = 1,

    /// <summary>Time that attempts took: the slots that they used.</summary>
    Slots = 2,
}

/// <summary>What is asked about figures over time.</summary>
public sealed record StatisticsRequest
{
    /// <summary>Null: <see cref="Since"/> before the end.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Null: now.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The length of the range; null with <see cref="From"/>, else an hour.</summary>
    public TimeSpan? Since { get; init; }

    /// <summary>Null: by the length of the range.</summary>
    public StatisticsStep? Step { get; init; }

    public StatisticsBy By { get; init; }

    public string? Job { get; init; }

    public string? Lane { get; init; }

    public RollupOutcome? Outcome { get; init; }

    /// <summary>Maximum number of series; the others share one.</summary>
    public int Top { get; init; } = 20;

    public StatisticsOrder Order { get; init; }

    /// <summary>True if the points shall have their buckets.</summary>
    public bool WithBuckets { get; init; }
}

/// <summary>Figures over time.</summary>
/// <param name="From">The start of the first period.</param>
/// <param name="Until">The end of the last period.</param>
/// <param name="Step">The length of the periods.</param>
/// <param name="CountedFrom">Figures of earlier periods were left out, because there are too many rows; null if all were read.</param>
/// <param name="Series">The series, the first by the order that was asked for.</param>
public sealed record FiguresOverTime(
    DateTimeOffset From, DateTimeOffset Until, StatisticsStep Step, DateTimeOffset? CountedFrom, IReadOnlyList<FiguresSeries> Series);

/// <summary>The figures of a job, lane or outcome, or of everything.</summary>
/// <param name="Key">The job, lane or outcome; <see cref="RecordEnds.Other"/> for all that have no series; empty for everything.</param>
/// <param name="Total">The whole range.</param>
/// <param name="Points">Each period, in order, without a gap.</param>
public sealed record FiguresSeries(string Key, FiguresPoint Total, IReadOnlyList<FiguresPoint> Points);

/// <summary>The figures of a period.</summary>
/// <param name="At">The start.</param>
/// <param name="Passed">How much of it has passed.</param>
/// <param name="IsComplete">False while some of its ends may not be written yet.</param>
/// <param name="Figures">The figures; null if there are none: nobody wrote anything about the period, not even that nothing ended.</param>
public readonly record struct FiguresPoint(DateTimeOffset At, TimeSpan Passed, bool IsComplete, Figures? Figures);

/// <summary>Reads figures over time from <c>rollups</c>. Never reads runs.</summary>
public sealed class GetStatistics(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of periods in an answer.</summary>
    public const int MaxPeriods = 3000;

    /// <summary>Maximum number of points: periods times series.</summary>
    public const int MaxPoints = 20_000;

    /// <summary>Maximum number of points with buckets.</summary>
    public const int MaxPointsWithBuckets = 3000;

    /// <summary>Maximum number of rows that are read. Of a range that has more, the latest periods are answered.</summary>
    public const int MaxRows = 200_000;

    /// <summary>Maximum number of series.</summary>
    public const int MaxTop = 100;

    /// <summary>Figures of a period are complete when it ended this long ago: all workers have written by then.</summary>
    public static readonly TimeSpan WrittenAfter = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan MaxRange = TimeSpan.FromDays(3650);

    // What is younger has a smaller step.
    private static readonly RollupStep[] Steps = [RollupStep.Written, RollupStep.Minute, RollupStep.Quarter];

    /// <summary>How many rows are read.</summary>
    public int MostRows { get; init; } = MaxRows;

    /// <exception cref="InvalidRunException">The range or the step is refused.</exception>
    public async Task<FiguresOverTime> ExecuteAsync(StatisticsRequest request, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var periods = Periods.Of(request, now);
        Check(request, periods);
        var (rows, countedFrom) = await ReadAsync(request, periods, ct);

        // The slots tell when workers were there, whatever is asked about.
        var written = rows.Select(r => periods.IndexOf(r.At)).ToHashSet();
        var wanted = rows.Where(r => IsWanted(r, request)).GroupBy(r => KeyOf(r, request.By), StringComparer.Ordinal)
            .Select(g => (g.Key, Rows: g.ToList()))
            .OrderByDescending(s => Rank(s.Rows, request.Order)).ThenBy(s => s.Key, StringComparer.Ordinal).ToList();
        // What the workers folded already is no series of its own.
        var top = wanted.Where(s => s.Key != RecordEnds.Other).Take(request.Top).ToList();
        var others = wanted.Except(top).SelectMany(s => s.Rows).ToList();
        if (others.Count > 0)
            top.Add((RecordEnds.Other, others));
        if (top.Count == 0 && request.By == StatisticsBy.None)
            top.Add(("", []));
        return new FiguresOverTime(
            periods.From, periods.Until, periods.Step, countedFrom,
            [.. top.Select(s => MakeSeries(s.Key, s.Rows, periods, countedFrom ?? periods.From, written, now))]);
    }

    private static void Check(StatisticsRequest request, Periods periods)
    {
        if (periods.Count > MaxPeriods)
            throw TooMany($"{periods.Count} periods", $"a range of at most {MaxPeriods} of them, or a longer step");
        var series = request.By switch
        {
            StatisticsBy.None => 1,
            StatisticsBy.Outcome => (int)RollupOutcome.Released,
            _ => request.Top + 1,
        };
        var points = (long)periods.Count * series;
        if (points > MaxPoints)
            throw TooMany($"{points} points", $"at most {MaxPoints} points (periods times series): a longer step, or a smaller top");
        if (request.WithBuckets && points > MaxPointsWithBuckets)
        {
            throw TooMany(
                $"{points} points",
                $"at most {MaxPointsWithBuckets} points (periods times series) with buckets: a longer step, or a smaller top");
        }

        InvalidRunException TooMany(string value, string allowed) =>
            new(RunRules.Invalid("range_too_long", "step", $"{periods.Step}: {value}", allowed));
    }

    /// <summary>Reads the rows of a range, the latest first, so that the oldest periods are left out if there are too many.</summary>
    private async Task<(List<Rollup> Rows, DateTimeOffset? CountedFrom)> ReadAsync(
        StatisticsRequest request, Periods periods, CancellationToken ct)
    {
        await using var db = storage.Read();
        var rows = new List<Rollup>();
        DateTimeOffset? cut = null;
        foreach (var step in Steps)
        {
            // When the limit is reached, a few rows of the next steps were perhaps written late.
            var most = Math.Max(MostRows / 100, MostRows - rows.Count);
            var found = await Rows(db, request, step, cut?.AddTicks(1) ?? periods.From, periods.Until).OrderByDescending(r => r.At)
                .Take(most + 1).ToListAsync(ct);
            if (found.Count > most)
                cut = found[^1].At;
            rows.AddRange(found);
        }

        if (periods.Step == StatisticsStep.Minute && rows.FindLast(r => r.Step == RollupStep.Quarter) is { } merged)
        {
            throw new InvalidRunException(RunRules.Invalid(
                "step_too_fine", "step", "minute",
                $"quarter, hour, day or whole, because the minutes from {Show(merged.At)} on have been merged into quarters of an hour"));
        }

        if (cut is not { } at)
            return (rows, null);
        // The period of the cut was not read to its end.
        var from = Rollup.FloorTo(at, periods.Grain) + periods.Grain;
        if (from >= periods.Until)
        {
            throw new InvalidRunException(RunRules.Invalid(
                "range_too_long", "from", Show(periods.From),
                $"a range with at most {MostRows} rows of figures: a shorter one, or the figures of one job or lane"));
        }

        return (rows.FindAll(r => r.At >= from), from);
    }

    /// <summary>The rows of one step, found by an index: it has the step before the time.</summary>
    private static IQueryable<Rollup> Rows(
        FleetDbContext db, StatisticsRequest request, RollupStep step, DateTimeOffset from, DateTimeOffset until)
    {
        var found = db.Rollups.AsNoTracking().Where(r => r.Step == step && r.At >= from && r.At < until);
        if (request.Job is { } job)
            found = found.Where(r => r.Job == job || r.Outcome == RollupOutcome.Slots);
        if (request.Lane is { } lane)
            found = found.Where(r => r.Lane == lane || r.Outcome == RollupOutcome.Slots);
        if (request.Outcome is { } outcome)
            found = found.Where(r => r.Outcome == outcome || r.Outcome == RollupOutcome.Slots);
        return found;
    }

    private static bool IsWanted(Rollup row, StatisticsRequest request) => row.Outcome != RollupOutcome.Slots
        || (request is { Job: null, Outcome: null, By: StatisticsBy.None or StatisticsBy.Lane }
            && (request.Lane is null || request.Lane == row.Lane));

    private static string KeyOf(Rollup row, StatisticsBy by) => by switch
    {
        StatisticsBy.Job => row.Job,
        StatisticsBy.Lane => row.Lane,
        StatisticsBy.Outcome => row.Outcome.ToString(),
        _ => "",
    };

    private static long Rank(List<Rollup> rows, StatisticsOrder order) => rows.Sum(r => (order, r.Outcome) switch
    {
        (_, RollupOutcome.Slots) => 0,
        (StatisticsOrder.Ends, _) => r.Count,
        (StatisticsOrder.Slots, _) => r.Worked,
        (_, RollupOutcome.Failed or RollupOutcome.Retried) => r.Count,
        _ => 0,
    });

    private static FiguresSeries MakeSeries(
        string key, List<Rollup> rows, Periods periods, DateTimeOffset countedFrom, HashSet<int> written, DateTimeOffset now)
    {
        var byPeriod = rows.ToLookup(r => periods.IndexOf(r.At));
        var total = new Figures();
        var points = new FiguresPoint[periods.Count];
        for (var i = 0; i < points.Length; i++)
        {
            Figures? figures = null;
            if (written.Contains(i))
            {
                figures = new Figures();
                foreach (var row in byPeriod[i])
                    figures.Add(row);
                total.Add(figures);
            }

            points[i] = periods.Point(i, now, figures);
        }

        var passed = (periods.Until < now ? periods.Until : now) - countedFrom;
        return new FiguresSeries(
            key,
            new FiguresPoint(countedFrom, passed, periods.Until + WrittenAfter <= now, written.Count > 0 ? total : null),
            points);
    }

    private static string Show(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>The periods of an answer, aligned in UTC.</summary>
    /// <param name="Grain">The length of a period, or what the whole range is made of.</param>
    private sealed record Periods(DateTimeOffset From, DateTimeOffset Until, StatisticsStep Step, TimeSpan Length, TimeSpan Grain)
    {
        public int Count => (int)Math.Min(int.MaxValue, Math.Ceiling((Until - From) / Length));

        public static Periods Of(StatisticsRequest request, DateTimeOffset now)
        {
            if (request.Since is not null && request.From is not null)
                throw new InvalidRunException(RunRules.Invalid("invalid_since", "since", $"{request.Since}", "one of since and from"));
            var until = (request.Until ?? now).ToUniversalTime();
            // Beyond these the arithmetic of instants would overflow.
            if (until < DateTimeOffset.UnixEpoch || until - now > MaxRange)
            {
                throw new InvalidRunException(
                    RunRules.Invalid("invalid_range", "until", Show(until), $"an instant from 1970 to {MaxRange.Days} days ahead"));
            }

            if (request.Since > MaxRange)
            {
                throw new InvalidRunException(
                    RunRules.Invalid("range_too_long", "since", $"{request.Since}", $"a range of at most {MaxRange.Days} days"));
            }

            var from = (request.From ?? until - (request.Since ?? TimeSpan.FromHours(1))).ToUniversalTime();
            if (from >= until)
            {
                throw new InvalidRunException(
                    RunRules.Invalid("invalid_range", "from", Show(from), $"an instant before until ({Show(until)})"));
            }

            if (until - from > MaxRange)
            {
                throw new InvalidRunException(
                    RunRules.Invalid("range_too_long", "from", Show(from), $"a range of at most {MaxRange.Days} days"));
            }

            var step = request.Step ?? (until - from).TotalHours switch
            {
                <= 3 => StatisticsStep.Minute,
                <= 48 => StatisticsStep.Quarter,
                <= 24 * 14 => StatisticsStep.Hour,
                _ => StatisticsStep.Day,
            };
            var length = step switch
            {
                StatisticsStep.Minute => TimeSpan.FromMinutes(1),
                StatisticsStep.Quarter => TimeSpan.FromMinutes(15),
                StatisticsStep.Hour => TimeSpan.FromHours(1),
                StatisticsStep.Day => TimeSpan.FromDays(1),
                // Older figures are there by the quarter of an hour.
                _ => until - from > TimeSpan.FromHours(6) ? TimeSpan.FromMinutes(15) : TimeSpan.FromMinutes(1),
            };
            var first = Rollup.FloorTo(from, length);
            var last = Rollup.FloorTo(until.AddTicks(-1), length) + length;
            return new Periods(first, last, step, step == StatisticsStep.Whole ? last - first : length, length);
        }

        public int IndexOf(DateTimeOffset at) => (int)((at - From) / Length);

        public FiguresPoint Point(int index, DateTimeOffset now, Figures? figures)
        {
            var at = From + (Length * index);
            var end = at + Length;
            var passed = end <= now ? Length : now > at ? now - at : TimeSpan.Zero;
            return new FiguresPoint(at, passed, end + WrittenAfter <= now, figures);
        }
    }
}
