using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule get ID</c>.</summary>
public static class GetSchedules
{
    /// <summary>The argument that names a schedule.</summary>
    internal static Argument<string> IdArgument() => new("ID") { Description = "The schedule's id." };

    /// <summary>Where the API keeps a schedule.</summary>
    internal static string Path(string id) => $"schedules/{Uri.EscapeDataString(id)}";

    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("get", "Show a schedule.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var name = parsed.GetRequiredValue(id);
            var answer = await api.GetAsync(GetSchedules.Path(name), ct);
            var schedule = api.Read(answer, ApiJson.Default.ScheduleView);
            var output = cli.Output(parsed);
            var recent = output.IsText ? await ListOutcomes.SummarizeAsync(api, name, ct) : null;
            output.Answer(answer, name, () =>
            {
                output.Facts(FactsOf(schedule, recent, cli.Time.GetUtcNow()));
                FireTimes.Warn(schedule.Warnings);
            });
        });
        return command;
    }

    private static Facts FactsOf(ScheduleView schedule, string? recent, DateTimeOffset now)
    {
        var facts = new Facts();
        facts.Add("id", schedule.Id);
        facts.Add("job", schedule.Job);
        facts.AddState("status", schedule.Status);
        facts.Add("reason", schedule.StatusReason);
        facts.Add("since", schedule.StatusSince is null ? null : $"{At(schedule.StatusSince)} by {schedule.StatusBy}");
        facts.Add("resumes", At(schedule.ResumeAt));
        facts.Add("trigger", FireTimes.TriggerOf(schedule));
        facts.Add("anchor", Times.Instant(schedule.Anchor));
        facts.Add("starts", Times.Instant(schedule.StartsAt));
        facts.Add("ends", Times.Instant(schedule.EndsAt));
        facts.Add("exclude", string.Join(", ", schedule.Exclude));
        facts.Add("jitter", schedule.Jitter);
        facts.Add("occurrences", schedule.MaxOccurrences is { } most ? $"at most {most}" : null);
        facts.Add("next", At(schedule.NextFireAt));
        facts.Add("last", At(schedule.LastFireTime));
        facts.Add("outcomes", recent);
        facts.Add("misfire", schedule.MisfireDeadline is { } late ? $"{schedule.Misfire}, up to {late}" : schedule.Misfire);
        facts.Add("overlap", schedule.Overlap);
        facts.Add("lane", schedule.Lane);
        facts.Add("attempts", schedule.MaxAttempts is { } attempts ? $"at most {attempts}" : null);
        facts.Add("tags", string.Join(", ", schedule.Tags));
        facts.Add("labels", string.Join(", ", schedule.Labels.Select(label => $"{label.Key}={label.Value}")));
        facts.Add("args", schedule.Args is { } args ? Screen.JsonText(args) : null);
        facts.Add("source", schedule.Source);
        facts.Add("updated", schedule.PutBy is { } by ? $"{At(schedule.UpdatedAt)} by {by}" : At(schedule.UpdatedAt));
        return facts;

        string? At(DateTimeOffset? at) => at is null ? null : $"{Times.Instant(at)} ({Times.Relative(at, now)})";
    }
}
