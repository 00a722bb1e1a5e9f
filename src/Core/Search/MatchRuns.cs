using System.Globalization;
using System.Text.Json;
using Fleet.Core.Runs;
namespace Fleet.Core.Search;

/// <summary>Whether a run matches a query. This decides; what the database filters (<see cref="FilterRuns"/>) only spares reading
/// rows.</summary>
public static class MatchRuns
{
    public static bool Matches(this RunQuery query, RunSummary run, DateTimeOffset now) =>
        (query.States.Count == 0 || query.States.Any(s => IsIn(run, s, now)))
        && (query.Ids.Count == 0 || query.Ids.Contains(run.Id))
        && (query.Keys.Count == 0 || (run.IdempotencyKey is { } key && query.Keys.Contains(key, StringComparer.Ordinal)))
        && (!query.LeavesOutDiscarded || run.State != RunState.Failed || run.DiscardedAt is null)
        && (query.Fingerprints.Count == 0
            || (run.Fingerprint is { } fingerprint && query.Fingerprints.Contains(fingerprint, StringComparer.Ordinal)))
        && (run.Fingerprint is not { } known || !query.WithoutFingerprints.Contains(known, StringComparer.Ordinal))
        && (query.Horizon is not { } horizon || IsWithin(query, horizon, run))
        && (query.Since is not { } since || run.CreatedAt >= since)
        && (query.Until is not { } until || run.CreatedAt < until)
        && query.Jobs.All(t => t.Matches(run.Job))
        && query.Lanes.All(t => t.Matches(run.Lane))
        && query.Schedules.All(t => t.Matches(run.ScheduleId))
        && query.Errors.All(t => t.Matches(run.Error, StringComparison.OrdinalIgnoreCase))
        && (query.Tags.Count == 0 || MatchesTags(query, GetRuns.ReadTags(run.Tags)))
        && (query.Args.Count == 0 || (run.Args is { } args && !AsksForSecrets(query, run.Job) && MatchesArgs(query, args)));

    private static bool IsWithin(RunQuery query, Horizon horizon, RunSummary run) =>
        !(run.FinishedAt > horizon.At)
        && !(query.IsOfRunningAlone && run.State == RunState.Running && run.StartedAt > horizon.At)
        && !(run.Id > horizon.Newest);

    private static bool IsIn(RunSummary run, StateWord word, DateTimeOffset now) => word switch
    {
        StateWord.Pending => run.State == RunState.Pending,
        StateWord.Ready => run.State == RunState.Pending && run.DueAt <= now,
        StateWord.Scheduled => run.State == RunState.Pending && run.DueAt > now,
        StateWord.Running => run.State == RunState.Running,
        StateWord.Succeeded => run.State == RunState.Succeeded,
        StateWord.Failed or StateWord.Dead => run.State == RunState.Failed,
        _ => run.State == RunState.Canceled,
    };

    private static bool MatchesTags(RunQuery query, IReadOnlyList<string> tags) => query.Tags.All(t => tags.Any(tag => t.Matches(tag)));

    private static bool AsksForSecrets(RunQuery query, string job) =>
        query.Secrets!.TryGetValue(job, out var secrets) && query.Args.Any(t => secrets.Contains(t.Path));

    private static bool MatchesArgs(RunQuery query, string json)
    {
        try
        {
            using var args = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 128 });
            return query.Args.All(t => Find(args.RootElement, t.Path) is { } value && t.Value.Matches(TextOf(value)));
        }
        catch (JsonException)
        {
            // A row that another program wrote may hold no JSON.
            return false;
        }
    }

    private static JsonElement? Find(JsonElement at, IReadOnlyList<string> path)
    {
        foreach (var name in path)
        {
            if (at.ValueKind == JsonValueKind.Object && Member(at, name) is { } member)
                at = member;
            else if (at.ValueKind == JsonValueKind.Array
                && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength())
                at = at[index];
            else
                return null;
        }

        return at;
    }

    /// <summary>A member by its name. As for the args themselves, upper and lower case are the same.</summary>
    private static JsonElement? Member(JsonElement value, string name)
    {
        if (value.TryGetProperty(name, out var exact))
            return exact;
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return member.Value;
        }

        return null;
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Object or JsonValueKind.Array => null,
        _ => value.GetRawText(),
    };
}
