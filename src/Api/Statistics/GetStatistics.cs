using Fleet.Api.Contract;
using Fleet.Api.Workers;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Statistics;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Statistics;

internal static class GetStatisticsEndpoints
{
    // Microseconds of a second.
    private const double Million = 1_000_000;

    private static readonly InstantParameter From = new("from", "The start of the range; it is moved back to the start of its period.");
    private static readonly InstantParameter Until = new("until", "The end of the range. Left out: now.");

    private static readonly DurationParameter Since = new("since", "The length of the range, instead of `from`. Left out: one hour.")
    {
        Example = "6h",
    };

    private static readonly WordParameter<StatisticsStep> Step = new(
        "step", "The length of the periods, in UTC. `whole` is one period. Left out: by the length of the range.")
    { Example = "hour" };

    private static readonly WordParameter<StatisticsBy> By = new("by", "What each series stands for. Left out: one series for everything.")
    {
        Example = "job",
    };

    private static readonly TextParameter Job = new("job", "Counts only this job.") { MaxLength = 128 };
    private static readonly TextParameter Lane = new("lane", "Counts only this lane.") { MaxLength = 64 };
    private static readonly WordParameter<CountedOutcome> Outcome = new("outcome", "Counts only this outcome.");

    private static readonly NumberParameter Top = new(
        "top", "The maximum number of series; all others share the series `(other)`.", 1, GetStatistics.MaxTop)
    { Default = 20 };

    private static readonly WordParameter<StatisticsOrder> Order = new(
        "order", "Which series come first: those with the most ends, the most failures, or the most slot time. Left out: `ends`.");

    private static readonly TextParameter WorkerId = new("id", "The id of the worker.")
    {
        Place = ParameterPlace.Path,
        Example = "01938f3c-0000-7000-8000-000000000000",
    };

    private static readonly FlagParameter WithBuckets = new("buckets", "Adds the buckets of waits and durations.");

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/statistics", GetAsync).Declare(new("getStatistics", "Counts what ended over time, with waits and durations.")
        {
            Permission = Permission.View,
            Description = "Reads figures that workers write every ten seconds, never the runs. All times are in seconds.",
            Parameters = [From, Until, Since, Step, By, Job, Lane, Outcome, Top, Order, WithBuckets],
            Answers = [AnswerContract.Of<StatisticsView>("The figures. A period without figures has `hasData: false`.")],
            Problems = ["invalid_range", "range_too_long", "step_too_fine"],
        });
        api.MapGet("/statistics/now", NowAsync).Declare(new("getRates", "Shows how many attempts end per second now, by lane.")
        {
            Permission = Permission.View,
            Answers = [AnswerContract.Of<RatesView>("The rates of the last ten seconds and of the last minute.")],
        });
        api.MapGet("/workers/{id}/activity", ActivityAsync).Declare(
            new("getWorkerActivity", "Shows how a worker used its slots in the last ten minutes.")
            {
                Permission = Permission.View,
                Parameters = [WorkerId],
                Answers = [AnswerContract.Of<WorkerActivityView>("Slots in use over time, and attempts of at least a second.")],
                Problems = ["not_found"],
            });
    }

    private static async Task<IResult> GetAsync(HttpContext http, GetStatistics get, CancellationToken ct)
    {
        var request = new StatisticsRequest
        {
            From = From.Find(http),
            Until = Until.Find(http),
            Since = Since.Find(http),
            Step = Step.Find(http),
            By = By.Find(http) ?? StatisticsBy.None,
            Job = Job.Find(http),
            Lane = Lane.Find(http),
            Outcome = (RollupOutcome?)Outcome.Find(http),
            Top = Top.Of(http),
            Order = Order.Find(http) ?? StatisticsOrder.Ends,
            WithBuckets = WithBuckets.Of(http),
        };
        var figures = await get.ExecuteAsync(request, ct);
        var hasSlots = request is { Job: null, Outcome: null, By: StatisticsBy.None or StatisticsBy.Lane };
        return Results.Json(
            new StatisticsView
            {
                From = figures.From,
                Until = figures.Until,
                Step = figures.Step.ToWord(),
                CountedFrom = figures.CountedFrom,
                Series =
                [
                    .. figures.Series.Select(s => new StatisticsSeriesView
                    {
                        Key = request.By == StatisticsBy.Outcome && Enum.TryParse<RollupOutcome>(s.Key, out var outcome)
                            ? outcome.ToWord()
                            : s.Key,
                        Total = ToView(s.Total, hasSlots, request.WithBuckets),
                        Points = [.. s.Points.Select(p => ToView(p, hasSlots, request.WithBuckets))],
                    }),
                ],
            },
            FleetJson.Payload);
    }

    private static async Task<IResult> NowAsync(GetWorkerSamples get, TimeProvider time, CancellationToken ct)
    {
        var rates = await get.ReadRatesAsync(ct);
        return Results.Json(
            new RatesView { At = time.GetUtcNow(), All = ToView(rates[0]), Lanes = [.. rates.Skip(1).Select(ToView)] }, FleetJson.Payload);
    }

    private static async Task<IResult> ActivityAsync(HttpContext http, GetWorkerSamples get, CancellationToken ct)
    {
        var text = WorkerId.Of(http);
        if (WorkerViews.ReadId(text) is not { } id || await get.FindAsync(id, ct) is not { } activity)
            return Problems.NotFound("worker", text);
        return Results.Json(
            new WorkerActivityView
            {
                From = activity.From,
                Until = activity.Until,
                Lanes =
                [
                    .. activity.Samples.GroupBy(s => s.Lane, StringComparer.Ordinal)
                        .Select(lane => new SlotStripView { Lane = lane.Key, Samples = [.. lane.Select(ToView)] }),
                ],
                Ended = [.. activity.Ended.Select(b => ToView(b, b.Bar.Outcome.ToWord()))],
                Running = [.. activity.Running.Select(b => ToView(b, "running"))],
                LeftOut = activity.LeftOut,
                ShortestDrawn = Bars.Shortest.TotalSeconds,
            },
            FleetJson.Payload);
    }

    private static StatisticsPointView ToView(FiguresPoint point, bool hasSlots, bool withBuckets)
    {
        var seconds = point.Passed.TotalSeconds;
        if (point.Figures is not { } figures)
            return new StatisticsPointView { At = point.At, Seconds = seconds, Complete = point.IsComplete };
        return new StatisticsPointView
        {
            At = point.At,
            Seconds = seconds,
            Complete = point.IsComplete,
            HasData = true,
            Ends = new EndCountsView
            {
                All = figures.Count,
                Succeeded = figures[RollupOutcome.Succeeded],
                Retried = figures[RollupOutcome.Retried],
                Failed = figures[RollupOutcome.Failed],
                Canceled = figures[RollupOutcome.Canceled],
                Skipped = figures[RollupOutcome.Skipped],
                Revoked = figures[RollupOutcome.Revoked],
                Rescued = figures[RollupOutcome.Rescued],
                Released = figures[RollupOutcome.Released],
            },
            PerSecond = PerSecond(figures.Count, seconds),
            SlotsUsed = PerSecond(figures.Worked / Million, seconds),
            // Of the time that samples cover, which may be less than has passed.
            SlotsBusy = hasSlots ? PerSecond(figures.Used / Million, seconds) : null,
            Slots = hasSlots ? PerSecond(figures.Slots / Million, seconds) : null,
            Wait = ToView(figures.Waits, figures.Waited, withBuckets),
            Duration = ToView(figures.Durations, figures.Worked, withBuckets),
        };
    }

    private static DistributionView? ToView(Histogram? histogram, long microseconds, bool withBuckets) =>
        histogram is not { Count: > 0 } times ? null : new DistributionView
        {
            Count = times.Count,
            Mean = microseconds / Million / times.Count,
            P50 = times.Quantile(0.5)!.Value,
            P95 = times.Quantile(0.95)!.Value,
            P99 = times.Quantile(0.99)!.Value,
            Buckets = withBuckets
                ? [
                    .. times.Filled.Select(b => new BucketView
                    {
                        From = Buckets.From(b.Bucket),
                        Until = Buckets.Until(b.Bucket),
                        Count = b.Count,
                    }),
                ]
                : null,
        };

    private static LaneRatesView ToView(RatesOfNow rates) => new()
    {
        Lane = rates.Lane,
        Last10 = ToView(rates.Last10),
        Last60 = ToView(rates.Last60),
        SlotsBusy = rates.Busy,
        Slots = rates.Slots,
    };

    private static RecentEndsView ToView(RecentEnds recent)
    {
        var (counts, seconds) = (recent.Counts, recent.Length.TotalSeconds);
        var all = counts.Succeeded + counts.Retried + counts.Failed + counts.Canceled + counts.Released;
        return new RecentEndsView
        {
            Seconds = seconds,
            Ends = new EndCountsView
            {
                All = all,
                Succeeded = counts.Succeeded,
                Retried = counts.Retried,
                Failed = counts.Failed,
                Canceled = counts.Canceled,
                Released = counts.Released,
            },
            PerSecond = PerSecond(all, seconds),
        };
    }

    private static SlotSampleView ToView(WorkerSample sample) => new()
    {
        At = sample.At,
        Seconds = sample.Length / Million,
        Busy = sample.Length > 0 ? (double)sample.Busy / sample.Length : 0,
        Slots = sample.Length > 0 ? (double)sample.Slots / sample.Length : 0,
        Ended = sample.Succeeded + sample.Retried + sample.Failed + sample.Canceled + sample.Released,
    };

    private static AttemptBarView ToView(LaneBar bar, string outcome) => new()
    {
        Run = bar.Bar.Run.ToString(),
        Job = bar.Bar.Job,
        Lane = bar.Lane,
        Attempt = bar.Bar.Attempt,
        Outcome = outcome,
        StartedAt = bar.Bar.StartedAt,
        Seconds = bar.Bar.Took.TotalSeconds,
    };

    private static double PerSecond(double number, double seconds) => seconds > 0 ? number / seconds : 0;

    /// <summary>The outcomes that a caller may ask for.</summary>
    private enum CountedOutcome
    {
        Succeeded = RollupOutcome.Succeeded,
        Retried = RollupOutcome.Retried,
        Failed = RollupOutcome.Failed,
        Canceled = RollupOutcome.Canceled,
        Skipped = RollupOutcome.Skipped,
        Revoked = RollupOutcome.Revoked,
        Rescued = RollupOutcome.Rescued,
        Released = RollupOutcome.Released,
    }
}
