using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.DeadLetters;

/// <summary><c>fleet dead group list|get</c>, <c>fleet dead mute</c> and <c>fleet dead unmute</c>: dead letters with the same
/// fault.</summary>
public static class DeadGroups
{
    private static readonly Listing<DeadGroupView> Listing = new(group => group.Fingerprint)
    {
        { "FINGERPRINT", group => group.Fingerprint, ColumnKind.Id },
        { "COUNT", group => CountOf(group.Count) },
        { "LAST DAY", group => Number(group.LastDay) },
        { "DAY BEFORE", group => Number(group.DayBefore) },
        { "LAST", group => group.LastAt },
        { "JOB", group => JobsOf(group) },
        { "ERROR", group => group.ErrorType is null ? group.Error : $"{group.ErrorType}: {group.Error}" },
        { "MUTED", group => group.Mute is { } mute ? EndOf(mute) : null },
        { "FIRST", group => group.FirstAt, true },
        { "NEWEST RUN", group => group.NewestRun, ColumnKind.Id, true },
    };

    /// <summary><c>fleet dead group</c>.</summary>
    public static Command GroupCommand(CommandContext cli) =>
        new("group", "Dead letters with the same fault.") { List(cli), Get(cli) };

    /// <summary><c>fleet dead mute</c>.</summary>
    public static Command MuteCommand(CommandContext cli)
    {
        var group = Argument();
        var newVersion = new Option<bool>("--until-new-version")
        {
            Description = "Until a version of the program meets the group that has not met it yet.",
        };
        var until = new Option<string>("--until") { Description = "When the mute ends, ISO 8601 with offset.", HelpName = "INSTANT" };
        var reason = PauseOptions.Reason("group");
        var command = new Command("mute", "Leave a group out of the lists, until a time or a new version of the program.")
        {
            group, until, newVersion, reason, cli.DryRunOption,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(until) is null && !result.GetValue(newVersion))
                result.AddError("A mute ends by itself: give --until, --until-new-version or both.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var body = new MuteBody
            {
                Until = parsed.GetValue(until),
                UntilNewVersion = parsed.GetValue(newVersion),
                Reason = parsed.GetValue(reason),
            };
            using var api = cli.Connect(parsed);
            var print = parsed.GetRequiredValue(group);
            var answer = await api.PostAsync(
                $"{Path(print)}/mute{cli.DryRunQuery(parsed)}", JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.MuteBody), ct);
            var end = EndOf(api.Read(answer, ApiJson.Default.MuteView));
            cli.Output(parsed).Answer(
                answer, print, parsed.GetValue(cli.DryRunOption) ? $"{print} would be muted {end}" : $"{print} muted {end}");
        });
        return command;
    }

    /// <summary><c>fleet dead unmute</c>.</summary>
    public static Command UnmuteCommand(CommandContext cli)
    {
        var group = Argument();
        var command = new Command("unmute", "Show a muted group in the lists again.") { group, cli.DryRunOption };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var print = parsed.GetRequiredValue(group);
            var answer = await api.PostAsync($"{Path(print)}/unmute{cli.DryRunQuery(parsed)}", null, ct);
            cli.Output(parsed).Answer(
                answer, print, parsed.GetValue(cli.DryRunOption) ? $"{print} would be unmuted" : $"{print} unmuted");
        });
        return command;
    }

    /// <summary>Where the API keeps a group.</summary>
    public static string Path(string fingerprint) => $"dead-letters/groups/{Uri.EscapeDataString(fingerprint)}";

    private static Argument<string> Argument() =>
        new("FINGERPRINT") { Description = "The fingerprint of the group, as 'fleet dead group list' shows it." };

    private static Command List(CommandContext cli)
    {
        var job = new Option<string>("--job") { Description = "Only dead letters of this job.", HelpName = "NAME" };
        var lane = new Option<string>("--lane") { Description = "Only dead letters in this lane.", HelpName = "NAME" };
        var muted = new Option<bool>("--muted") { Description = "Also the groups that are muted." };
        var limit = NumberOption.Make("--limit", 1, 500, "How many at most. Default: 50.", "N");
        var command = new Command("list", "List the groups, the one with the newest dead letter first.")
        {
            job, lane, muted, limit, cli.ColumnsOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var query = new[]
            {
                ("job", parsed.GetValue(job)), ("lane", parsed.GetValue(lane)), ("muted", parsed.GetValue(muted) ? "true" : null),
                ("limit", parsed.GetValue(limit)?.ToString(CultureInfo.InvariantCulture)),
            };
            var given = query.Where(q => q.Item2 is not null).Select(q => $"{q.Item1}={Uri.EscapeDataString(q.Item2!)}");
            var answer = await api.GetAsync("dead-letters/groups?" + string.Join('&', given), ct);
            var list = api.Read(answer, ApiJson.Default.DeadGroupListView);
            output.Print(answer.GetProperty("items"), list.Items, "No groups of dead letters.");
            if (list.Muted > 0)
                Output.Remark($"{list.Muted} muted; --muted shows them.");
            if (!list.Scanned.Complete)
                Output.Remark($"There are more dead letters than were counted; those since {Times.Instant(list.Scanned.BackTo)} were.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var group = Argument();
        var command = new Command("get", "Show a group: trend, versions, samples, and which args differ.") { group };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var print = parsed.GetRequiredValue(group);
            var answer = await api.GetAsync(Path(print) + "?args=true", ct);
            var output = cli.Output(parsed);
            output.Answer(answer, print, () => Show(api.Read(answer, ApiJson.Default.DeadGroupDetailView), output));
        });
        return command;
    }

    private static void Show(DeadGroupDetailView group, Output output)
    {
        var facts = new Facts();
        facts.Add("Fingerprint", group.Fingerprint);
        facts.Add("Dead letters", CountOf(group.Count));
        facts.Add("First", Times.Instant(group.FirstAt));
        facts.Add("Last", Times.Instant(group.LastAt));
        facts.Add("Last 24 hours", $"{Number(group.LastDay)}, by hour: {string.Join(' ', group.Trend.Select(Number))}");
        facts.Add("Day before", Number(group.DayBefore));
        facts.Add("Jobs", JobsOf(group));
        facts.Add("Lanes", string.Join(", ", group.Lanes));
        facts.Add("Versions", group.Versions.Count == 0 ? null : string.Join(", ", group.Versions.Select(v => $"{v.Version} ({v.Count})")));
        facts.Add("Error", group.ErrorType is null ? group.Error : $"{group.ErrorType}: {group.Error}");
        facts.Add("Muted", group.Mute is { } mute ? $"{EndOf(mute)}, by {mute.By}{(mute.Reason is { } why ? $": {why}" : "")}" : null);
        facts.Add("Newest runs", string.Join(' ', group.Samples.Select(run => run.Id)));
        output.Facts(facts);
        if (group.Stack is { } stack)
        {
            output.Line("");
            output.Line("Stack of the newest:");
            output.Line(stack);
        }

        if (group.Args is { } args)
        {
            output.Line("");
            output.Line(
                !args.Enough ? $"Too few runs of {args.Job} to compare args: {args.FailedRuns} failed, {args.SucceededRuns} succeeded."
                : args.Differences.Count == 0 ? $"The args do not differ from those of {args.SucceededRuns} runs that succeeded."
                : $"Args that {args.FailedRuns} failed runs have more often than {args.SucceededRuns} runs that succeeded:");
            foreach (var d in args.Differences)
            {
                var what = d.Missing ? $"{d.Path} is missing" : $"{d.Path} = {d.Value}";
                output.Line($"  {Plain.Line(what)}: {d.Failed} failed, {d.Succeeded} succeeded");
            }
        }
    }

    private static string JobsOf(DeadGroupView group) => string.Join(", ", group.Jobs.Select(j => j.Job));

    private static string CountOf(CountView count) => $"{Number(count.Value)}{(count.Relation == "gte" ? "+" : "")}";

    private static string EndOf(MuteView mute) => (mute.Until, mute.UntilNewVersion) switch
    {
        ({ } until, true) => $"until {Times.Instant(until)} or a new version",
        ({ } until, false) => $"until {Times.Instant(until)}",
        _ => "until a new version",
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
