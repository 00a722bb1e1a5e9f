using System.Text.Json;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.SqlServer;

/// <summary>The members of each kind of row, named as the <c>OPENJSON</c> of its statement reads them: one that it does not find
/// would silently be NULL, so a test compares the names.</summary>
internal static class RowMembers
{
    public static void New(Utf8JsonWriter json, NewRun run)
    {
        json.WriteId("id", run.Id);
        json.WriteText("job", run.Job);
        json.WriteText("lane", run.Lane);
        json.WriteInstant("due", run.DueAt);
        json.WriteBoolean("staged", run.Staged);
        json.WriteNumber("max", run.MaxAttempts);
        json.WriteInstant("created", run.CreatedAt);
        json.WriteText("key", run.IdempotencyKey);
        json.WriteBytes("hash", run.RequestHash);
        json.WriteText("schedule", run.ScheduleId);
        json.WriteInstant("fire", run.FireTime);
        json.WriteNumber("overlap", (int)run.Overlap);
        json.WriteId("parent", run.ParentId);
        json.WriteText("args", run.Args);
        json.WriteText("tags", run.Tags);
        json.WriteText("trace", run.TraceParent);
        json.WriteText("actor", run.EnqueuedBy?.ToRow());
    }

    public static void Id(Utf8JsonWriter json, RunId id) => json.WriteId("id", id);

    public static void Key(Utf8JsonWriter json, string key) => json.WriteText("key", key);

    public static void Lane(Utf8JsonWriter json, string lane) => json.WriteText("lane", lane);

    public static void Occurrence(Utf8JsonWriter json, NewRun run)
    {
        json.WriteText("schedule", run.ScheduleId);
        json.WriteInstant("fire", run.FireTime);
    }

    public static void Wanted(Utf8JsonWriter json, (int Index, RunLease Item) wanted)
    {
        json.WriteId("id", wanted.Item.Id);
        json.WriteNumber("token", wanted.Item.LeaseToken);
        json.WriteNumber("position", wanted.Index);
    }

    public static void Completed(Utf8JsonWriter json, Completion completion)
    {
        json.WriteId("id", completion.Id);
        json.WriteNumber("token", completion.LeaseToken);
        json.WriteInstant("finished", completion.FinishedAt);
        json.WriteText("result", completion.Output);
    }

    public static void Ended(Utf8JsonWriter json, AttemptEnd end)
    {
        json.WriteId("id", end.Id);
        json.WriteNumber("token", end.LeaseToken);
        json.WriteInstant("ended", end.EndedAt);
        json.WriteNumber("outcome", (int)end.Outcome);
        json.WriteNumber("next_state", (int)end.Next);
        json.WriteInstant("due", end.DueAt);
        json.WriteNumber("uncounted", end.Counts ? 0 : 1);
        json.WriteBoolean("staged", end.Staged || end.Next != RunState.Pending);
        json.WriteText("type", end.ErrorType);
        json.WriteText("error", end.Error);
        json.WriteText("stack", end.Stack);
        json.WriteNumber("verdict", (int?)end.Decision?.Verdict);
        json.WriteNumber("max_attempts", end.Decision?.Limit?.Max);
        json.WriteNumber("max_from", (int?)end.Decision?.Limit?.From);
        json.WriteText("fingerprint", end.Fingerprint);
    }

    public static void Event(Utf8JsonWriter json, (int Index, OutboxMessage Item) entry)
    {
        json.WriteId("message", entry.Item.MessageId);
        json.WriteText("name", entry.Item.Name);
        json.WriteText("body", entry.Item.Body);
        json.WriteId("run", entry.Item.RunId);
        json.WriteText("trace", entry.Item.TraceParent);
        json.WriteInstant("created", entry.Item.CreatedAt);
        json.WriteNumber("position", entry.Index);
    }

    public static void Rescued(Utf8JsonWriter json, RescuedRun run)
    {
        json.WriteId("id", run.Orphan.Id);
        json.WriteNumber("next_state", (int)run.Next);
        json.WriteNumber("crashes", run.Crashes);
        json.WriteText("error", run.Error);
        json.WriteText("fingerprint", run.Fingerprint);
    }

    public static void Staged(Utf8JsonWriter json, StageableRun run)
    {
        json.WriteId("id", run.Id);
        json.WriteInstant("due", run.DueAt);
    }
}
