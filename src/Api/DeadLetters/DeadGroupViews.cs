using System.Text.Json;
using Fleet.Api.Runs;
using Fleet.Client;
using Fleet.Core.DeadLetters;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Api.DeadLetters;

/// <summary>Groups of dead letters as the API shows them.</summary>
internal static class DeadGroupViews
{
    public static DeadGroupView ToView(this DeadGroup group, Run? newest) => Fill(group, newest, new DeadGroupView());

    public static DeadGroupDetailView ToView(this DeadGroupDetail detail, ArgsComparisonView? args) => (DeadGroupDetailView)Fill(
        detail.Group,
        detail.Samples.Count > 0 ? detail.Samples[0] : null,
        new DeadGroupDetailView
        {
            Stack = detail.Stack,
            Trend = detail.Trend,
            TrendSince = detail.TrendSince,
            Versions = [.. detail.Versions.Select(v => new DeadGroupVersionView
            {
                Version = v.Version,
                Count = v.Count,
                FirstAt = v.FirstAt,
                LastAt = v.LastAt,
            })],
            Lanes = detail.Lanes,
            Samples = [.. detail.Samples.Select(run => RunColumns.ToSummary(run).ToView())],
            Args = args,
        });

    public static MuteView ToView(this Mute mute) => new()
    {
        At = mute.At,
        By = mute.By.ToView(),
        Until = mute.Until,
        UntilNewVersion = mute.Versions is not null,
        Reason = mute.Reason,
    };

    /// <param name="sample">The args, redacted.</param>
    public static ArgsComparisonView Compare(ArgsSample sample)
    {
        var (failed, succeeded) = (Parse(sample.Failed), Parse(sample.Succeeded));
        return new ArgsComparisonView
        {
            Job = sample.Job,
            FailedRuns = failed.Count,
            SucceededRuns = succeeded.Count,
            Enough = failed.Count >= CompareArgs.FewestRuns && succeeded.Count >= CompareArgs.FewestRuns,
            Differences = [.. CompareArgs.Execute(failed, succeeded).Select(d => new ArgsDifferenceView
            {
                Path = d.Path,
                Value = d.Value is null ? null : JsonElement.Parse(d.Value),
                Missing = d.Value is null,
                Failed = d.Failed,
                Succeeded = d.Succeeded,
            })],
        };
    }

    public static ArgsChangeView ToView(this ArgsChange change) =>
        new() { Path = change.Path, Before = change.Before, After = change.After };

    private static List<JsonElement> Parse(IEnumerable<string> args) => [.. args.Select(StoredJson.Read).OfType<JsonElement>()];

    private static DeadGroupView Fill(DeadGroup group, Run? newest, DeadGroupView view) => view with
    {
        Fingerprint = group.Fingerprint,
        Count = new CountView { Value = group.Count.Value, Relation = group.Count.IsAtLeast ? "gte" : "eq" },
        FirstAt = group.FirstAt,
        LastAt = group.LastAt,
        LastDay = group.LastDay,
        DayBefore = group.DayBefore,
        Jobs = [.. group.Jobs.Select(j => new DeadGroupJobView { Job = j.Job, Count = j.Count })],
        ErrorType = newest?.ErrorType,
        Error = newest?.Error,
        NewestRun = newest?.Id.ToString(),
        Mute = group.Mute?.ToView(),
    };
}
