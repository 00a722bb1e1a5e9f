using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Status;

/// <summary><c>fleet status</c>: what is wrong, what is going on, and what fires next.</summary>
public static class StatusCommand
{
    private const int MaxNext = 5;

    private static readonly Listing<ScheduleView> Next = new(schedule => schedule.Id)
    {
        { "NEXT", schedule => schedule.NextFireAt },
        { "SCHEDULE", schedule => schedule.Id, ColumnKind.Id },
        { "JOB", schedule => schedule.Job },
        { "FIRES", schedule => schedule.Words },
    };

    public static Command Command(CommandContext cli)
    {
        var exitCode = new Option<bool>("--exit-code") { Description = "End with 1 if anything is wrong." };
        var command = new Command("status", "Show what is wrong, what is going on, and what fires next.") { exitCode };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var json = await api.GetAsync("figures", ct);
            var figures = api.Read(json, ApiJson.Default.LiveFiguresView);
            var output = cli.Output(parsed);
            var next = output.IsText
                ? api.Read(await api.GetAsync("schedules", ct), ApiJson.Default.Schedules).Items.Where(s => s.NextFireAt is not null)
                    .OrderBy(s => s.NextFireAt).ThenBy(s => s.Id, StringComparer.Ordinal).Take(MaxNext).ToList()
                : [];
            output.Answer(json, "fleet", () =>
            {
                if (output.Format == OutputFormat.Tsv)
                    Print(output, figures, next);
                else
                    Show(output, figures, next, cli.Time.GetUtcNow());
            });
            return (int)(parsed.GetValue(exitCode) && figures.Findings.Count > 0 ? ExitCode.Failure : ExitCode.Ok);
        });
        return command;
    }

    private static void Show(Output output, LiveFiguresView figures, List<ScheduleView> next, DateTimeOffset now)
    {
        foreach (var line in StatusScreen.Findings(figures, output.Terminal.HasColor, hasAdvice: true))
            Console.Out.WriteLine(line);
        output.Line("");
        foreach (var line in StatusScreen.Now(figures, now))
            output.Line(line);
        output.Line("");
        StatusScreen.PrintLanes(output, figures);
        if (figures.LaneCount > figures.Lanes.Count)
            output.Line($"… and {figures.LaneCount - figures.Lanes.Count} more lanes");
        if (next.Count == 0)
            return;
        output.Line("");
        output.Table(Next, next);
    }

    /// <summary>One fact per line: its kind, and its values.</summary>
    private static void Print(Output output, LiveFiguresView figures, List<ScheduleView> next)
    {
        foreach (var finding in figures.Findings)
            output.Line($"finding\t{finding.Severity}\t{finding.Code}\t{Plain.Line(finding.Sentence)}");
        foreach (var (name, count) in new[]
        {
            ("ready", figures.Ready), ("running", figures.Running), ("scheduled", figures.Scheduled), ("failed", figures.Failed),
        })
        {
            output.Line($"runs\t{name}\t{count.Value}\t{count.Relation}");
        }

        output.Line($"slots\t{figures.Slots}");
        output.Line($"workers\t{figures.ActiveWorkers}\t{figures.DrainingWorkers}");
        output.Line($"leader\t{Plain.Line(figures.Leader?.Name)}\t{figures.Leader?.Term}");
        foreach (var component in figures.Components)
            output.Line($"component\t{component.Name}\t{component.Status}");
        foreach (var lane in figures.Lanes.OrderBy(l => l.Name, StringComparer.Ordinal))
        {
            output.Line(
                $"lane\t{lane.Name}\t{lane.Ready.Value}\t{lane.Running.Value}\t{lane.Slots}\t{lane.Scheduled.Value}\t"
                + Times.Instant(lane.OldestReadyAt));
        }

        foreach (var schedule in next)
            output.Line($"next\t{Times.Instant(schedule.NextFireAt)}\t{schedule.Id}\t{schedule.Job}");
    }
}
