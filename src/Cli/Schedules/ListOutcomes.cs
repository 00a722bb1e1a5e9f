using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule history ID</c>: what became of the last fire times.</summary>
public static class ListOutcomes
{
    /// <summary>How many a summary counts.</summary>
    public const int Shown = 30;

    private static readonly Option<int?> Limit =
        NumberOption.Make("--limit", 1, 100, $"Maximum number of fire times: 1 to 100. Default: {Shown}.", "N");

    private static readonly Listing<OccurrenceView> Listing = new(occurrence => occurrence.Run ?? Times.Instant(occurrence.FireTime))
    {
        { "FIRE TIME", occurrence => Times.Instant(occurrence.FireTime) },
        { "OUTCOME", occurrence => occurrence.Outcome, ColumnKind.State },
        { "LATE", occurrence => Span(occurrence.LateBy) },
        { "TOOK", occurrence => Span(occurrence.Duration) },
        { "RUN", occurrence => occurrence.Run, ColumnKind.Id },
        { "NOTE", Note },
        { "STARTED", occurrence => Times.Instant(occurrence.StartedAt), ColumnKind.Text, true },
        { "FINISHED", occurrence => Times.Instant(occurrence.FinishedAt), ColumnKind.Text, true },
    };

    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("history", "Show what became of the last fire times of a schedule.") { id, Limit, cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync(Path(parsed.GetRequiredValue(id), parsed.GetValue(Limit) ?? Shown), ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Occurrences).Items, "No fire time has passed.");
        });
        return command;
    }

    /// <summary>The last outcomes in one line, such as <c>28 succeeded, 1 failed, 1 missed</c>; null if there are none, or the server does
    /// not tell them.</summary>
    public static async Task<string?> SummarizeAsync(FleetApi api, string schedule, CancellationToken ct)
    {
        JsonElement page;
        try
        {
            page = await api.GetAsync(Path(schedule, Shown), ct);
        }
        catch (CommandFailedException)
        {
            // They are beside what was asked for.
            return null;
        }

        var counts = api.Read(page, ApiJson.Default.Occurrences).Items.GroupBy(o => o.Outcome, StringComparer.Ordinal)
            .Select(g => (Outcome: g.Key, Count: g.Sum(o => o.Count)))
            .OrderByDescending(g => g.Count).ThenBy(g => g.Outcome, StringComparer.Ordinal).ToList();
        return counts.Count == 0 ? null : string.Join(", ", counts.Select(g => $"{g.Count} {g.Outcome}"));
    }

    private static string Path(string schedule, int limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{GetSchedules.Path(schedule)}/outcomes?limit={limit}");

    private static string Note(OccurrenceView occurrence) => occurrence.First is { } first
        ? $"{occurrence.Count} fire times from {Times.Instant(first)}"
        : "";

    private static string? Span(TimeSpan? span) => span is { } known ? Times.Span(known) : null;
}
