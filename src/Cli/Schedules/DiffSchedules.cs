using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule diff ID</c>: which fire times an edit of a stored schedule would add and remove; changes nothing.</summary>
public static class DiffSchedules
{
    private static readonly Argument<string> Id = GetSchedules.IdArgument();
    private static readonly Option<string> Cron = new("--cron") { Description = "The new cron expression.", HelpName = "EXPR" };
    private static readonly Option<string> Every = new("--every") { Description = "The new period.", HelpName = "PERIOD" };
    private static readonly Option<string> At = new("--at")
    {
        Description = "The new instant, ISO 8601 with offset.",
        HelpName = "INSTANT",
    };
    private static readonly Option<string> Zone = new("--zone")
    {
        Description = "The new time zone. Default: the one it has.",
        HelpName = "ZONE",
    };
    private static readonly Option<string> From = new("--from")
    {
        Description = "Fire times after this instant, ISO 8601 with offset. Default: now.",
        HelpName = "INSTANT",
    };
    private static readonly Option<string> Until = new("--until")
    {
        Description = "Fire times up to this instant, ISO 8601 with offset. Default: 7 days later.",
        HelpName = "INSTANT",
    };
    private static readonly Option<int?> Count = NumberOption.Make("--count", 1, 1000, "How many changes are printed. Default: 100.", "N");

    public static Command Command(CommandContext cli)
    {
        var command = new Command("diff", "Show which fire times an edit would add and remove; changes nothing.")
        {
            Id, Cron, Every, At, Zone, From, Until, Count,
        };
        command.SetAction(async (parsed, ct) =>
        {
            if (new[] { Cron, Every, At, Zone }.All(o => parsed.GetValue(o) is null))
                throw new UsageException("Nothing would change; give --cron, --every, --at or --zone.");
            using var api = cli.Connect(parsed);
            var path = GetSchedules.Path(parsed.GetRequiredValue(Id));
            var body = Edit(await api.GetAsync(path, ct), parsed);
            var query = RangeQuery.Of(parsed.GetValue(From), parsed.GetValue(Until), parsed.GetValue(Count));
            var answer = await api.PostAsync($"{path}/diff{query}", JsonSerializer.SerializeToUtf8Bytes(body), ct);
            cli.Output(parsed).Answer(
                answer, parsed.GetRequiredValue(Id), () => Show(api.Read(answer, ApiJson.Default.ScheduleDiffView)));
        });
        return command;
    }

    /// <summary>The stored definition with what the options change: a body that a put would take.</summary>
    private static JsonObject Edit(JsonElement stored, ParseResult parsed)
    {
        var body = ScheduleFields.ToBody(stored);
        var (cron, every, at) = (parsed.GetValue(Cron), parsed.GetValue(Every), parsed.GetValue(At));
        if (cron is not null || every is not null || at is not null)
            (body["cron"], body["every"], body["at"]) = (cron, every, at);
        // A period and an instant are in no zone; only excluded dates need it then.
        if ((every is not null || at is not null) && body["exclude"] is not JsonArray { Count: > 0 })
            body.Remove("zone");
        if (parsed.GetValue(Zone) is { } zone)
            body["zone"] = zone;
        return body;
    }

    private static void Show(ScheduleDiffView diff)
    {
        if (diff.Added + diff.Removed == 0)
        {
            Screen.Line(
                $"No fire time changes from {Times.Instant(diff.From)} to {Times.Instant(diff.TruncatedAt ?? diff.Until)}: {diff.Kept:N0} "
                + "kept.");
        }
        else
        {
            Screen.Line($"{diff.Id} from {Times.Instant(diff.From)} to {Times.Instant(diff.Until)}");
            foreach (var change in diff.Changes)
                Screen.Line($"{(change.Change == "added" ? '+' : '-')} {FireTimes.Line(change.Local, change.ClockEffect?.Text)}");
            if (diff.Added + diff.Removed - diff.Changes.Count is > 0 and var more)
                Screen.Line($"… and {more:N0} more");
            Screen.Line($"{diff.Added:N0} added, {diff.Removed:N0} removed, {diff.Kept:N0} kept");
        }

        if (diff.Collisions is { Worst: [var worst, ..] } collisions)
        {
            var more = collisions.Count > 1 ? $", and in {collisions.Count - 1:N0} more minutes" : "";
            var others = string.Join(", ", worst.Schedules.Select(s => s.Id)) + (worst.MoreSchedules > 0 ? ", …" : "");
            Screen.Line(
                $"collides with {others} at {Times.Instant(worst.Minute)}: {worst.ExpectedSlots:N0} slots expected in use of "
                + $"{collisions.Slots:N0} in lane {collisions.Lane}{more}");
        }

        if (diff.TruncatedAt is { } at)
            Console.Error.WriteLine($"There are too many fire times: only those before {Times.Instant(at)} were compared.");
        FireTimes.Warn(diff.Warnings);
        FireTimes.WarnUnlessRunning(diff.Status);
    }
}
