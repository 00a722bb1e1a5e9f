using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Explain;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule backfill ID --from --until</c>: shows which runs it would make; makes them with <c>--yes</c>.</summary>
public static class BackfillSchedules
{
    private static readonly Option<string> From = new("--from")
    {
        Description = "The beginning of the range (included), ISO 8601 with offset.",
        HelpName = "INSTANT",
        Required = true,
    };
    private static readonly Option<string> Until = new("--until")
    {
        Description = "The end of the range (not included), ISO 8601 with offset.",
        HelpName = "INSTANT",
        Required = true,
    };
    private static readonly Option<int?> PerMinute = NumberOption.Make(
        "--per-minute", 1, 60_000, "How many runs come due in a minute. Default: 60.", "N");
    private static readonly Option<string> Lane = new("--lane")
    {
        Description = "Another lane, such as one with few slots. Default: the schedule's.",
        HelpName = "LANE",
    };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Create the runs; without this option they are only counted." };

    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("backfill", "Create the runs of past fire times that have none.")
        {
            id, From, Until, PerMinute, Lane, Yes, cli.Confirm.ExpectOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            var isReal = parsed.GetValue(Yes);
            var path = $"{GetSchedules.Path(schedule)}/backfill";
            JsonElement? preview = null;
            if (!isReal || parsed.GetValue(cli.Confirm.ExpectOption) is not null)
            {
                preview = await api.PostAsync(path, Body(parsed, isDryRun: true), ct);
                cli.Confirm.Expect(parsed, api.Read(preview.Value, ApiJson.Default.BackfillView).Count);
            }

            var answer = isReal ? await api.PostAsync(path, Body(parsed, isDryRun: false), ct) : preview!.Value;
            cli.Output(parsed).Answer(answer, schedule, () => Show(schedule, api.Read(answer, ApiJson.Default.BackfillView), isReal));
        });
        return command;
    }

    private static byte[] Body(ParseResult parsed, bool isDryRun) => JsonSerializer.SerializeToUtf8Bytes(
        new BackfillBody
        {
            From = parsed.GetRequiredValue(From),
            Until = parsed.GetRequiredValue(Until),
            PerMinute = parsed.GetValue(PerMinute),
            Lane = parsed.GetValue(Lane),
            DryRun = isDryRun,
        },
        ApiJson.Default.BackfillBody);

    private static void Show(string schedule, BackfillView plan, bool isReal)
    {
        if (plan.First is not { } first || plan.Last is not { } last || plan.LastDueAt is not { } lastDue)
        {
            Screen.Line($"{schedule}: nothing to create; fire times of the range that have a run already: {plan.Existing}.");
            return;
        }

        Screen.Line(
            $"{schedule}: {Spoken.Count(plan.Count, "run")}, for fire times from {Times.Instant(first)} to "
            + $"{Times.Instant(last)}. Fire times that have a run already: {plan.Existing}.");
        Screen.Line($"The last run comes due at {Times.Instant(lastDue)}.");
        if (plan.OldestKept is not { } oldest || first < oldest)
            Screen.Line(
                (plan.OldestKept is { } kept ? $"Careful: no runs from before {Times.Instant(kept)} are kept" : "Careful: no runs are kept")
                + ", so these fire times may have had theirs.");
        if (!isReal)
            Screen.Line("Nothing was created; --yes creates the runs.");
    }
}
