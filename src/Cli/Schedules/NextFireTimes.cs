using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Text;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule next</c>: the fire times of a trigger, computed here by the scheduler's own code, for which no server is
/// needed; or those of a stored schedule, which the server is asked for.</summary>
public static class NextFireTimes
{
    private const int MaxTimes = 10_000;
    private const int MaxOfServer = 1000;

    private static readonly Argument<string?> Id = new("ID")
    {
        Description = "The id of a stored schedule; this needs a server. Without it, the options describe the trigger.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string> Cron = new("--cron")
    {
        Description = "A cron expression of 5, 6 (seconds first) or 7 fields (a year last), or a macro such as @hourly.",
        HelpName = "EXPR",
    };
    private static readonly Option<string> Every = new("--every")
    {
        Description = "A period such as 15s, 5m or PT1H.",
        HelpName = "PERIOD",
    };
    private static readonly Option<string> Zone = new("--zone")
    {
        Description = "IANA time zone, such as Europe/Berlin. Default: UTC.",
        HelpName = "ZONE",
    };

    private static readonly Option<string> From = new("--from")
    {
        Description = "Fire times after this instant, ISO 8601; without an offset it is local in the zone of the options. Default: now.",
        HelpName = "INSTANT",
    };

    private static readonly Option<int?> Count = NumberOption.Make(
        "--count", 1, MaxTimes, $"How many; of a stored schedule up to {MaxOfServer}. Default: 10.", "N");

    public static Command Command(CommandContext cli)
    {
        var command = new Command("next", "Show the next fire times of a stored schedule, or of a trigger without a server.")
        {
            Id, Cron, Every, Zone, From, Count,
        };
        command.SetAction(async (parsed, ct) =>
        {
            if (parsed.GetValue(Id) is { } id)
                await AskAsync(id, parsed, cli, ct);
            else
                Compute(parsed, cli);
        });
        return command;
    }

    private static async Task AskAsync(string id, ParseResult parsed, CommandContext cli, CancellationToken ct)
    {
        foreach (var option in new[] { Cron, Every, Zone })
        {
            if (parsed.GetValue(option) is not null)
                throw new UsageException(
                    $"{option.Name}: give either a stored schedule's ID or a trigger; 'fleet schedule diff' compares the two.");
        }

        var count = parsed.GetValue(Count);
        if (count > MaxOfServer)
            throw new UsageException($"--count: '{count}' is not allowed; allowed is 1–{MaxOfServer} for a stored schedule.");
        using var api = cli.Connect(parsed);
        var query = string.Join('&', new[]
        {
            count is null ? null : $"count={count}",
            parsed.GetValue(From) is { } from
                ? $"after={Uri.EscapeDataString(ParseFrom(from, null).ToString("O", CultureInfo.InvariantCulture))}"
                : null,
        }.OfType<string>());
        var answer = await api.GetAsync($"{GetSchedules.Path(id)}/next?{query}", ct);
        cli.Output(parsed).Answer(answer, id, () =>
        {
            var next = api.Read(answer, ApiJson.Default.NextFireTimesView);
            foreach (var time in next.Items)
                Screen.Line(FireTimes.Line(time.Local, time.ClockEffect?.Text));
            if (next.Items.Count < (count ?? 10))
                Console.Error.WriteLine(NoMore(next.Items.Count));
            FireTimes.Warn(next.Warnings);
            FireTimes.WarnUnlessRunning(next.Status);
        });
    }

    private static void Compute(ParseResult parsed, CommandContext cli)
    {
        var count = parsed.GetValue(Count) ?? 10;
        var spec = new TriggerSpec { Cron = parsed.GetValue(Cron), Every = parsed.GetValue(Every), Zone = parsed.GetValue(Zone) };
        if (!Trigger.TryParse(spec, out var trigger, out var error) || !Zones.TryFind(spec.Zone, out var zone, out error))
            throw new UsageException(error.Message);

        var after = parsed.GetValue(From) is { } from ? ParseFrom(from, zone) : cli.Time.GetUtcNow();
        FireTimes.Warn(TriggerWarnings.Of(spec).Select(w => new WarningView { Message = w.Message }));
        var times = trigger.Between(after, DateTimeOffset.MaxValue).Take(count).Select(t => TimeZoneInfo.ConvertTime(t, zone)).ToList();
        if (times.Count < count)
            Console.Error.WriteLine(times.Count == 0 ? $"It does not fire after {after:yyyy-MM-dd'T'HH:mm:sszzz}." : NoMore(times.Count));
        var output = cli.Output(parsed);
        if (output.Format == OutputFormat.Name)
        {
            times.ForEach(time => output.Line(FireTimes.Iso(time)));
            return;
        }

        output.Answer(JsonSerializer.SerializeToElement(times.Select(FireTimes.Iso), FleetJson.Payload), "", () =>
        {
            var effects = ClockEffects.ByFireTime(trigger, spec.Cron, spec.Zone, times);
            foreach (var time in times)
                output.Line(FireTimes.Line(time, effects.GetValueOrDefault(time)?.Description));
        });
    }

    private static string NoMore(int shown) => shown == 0 ? "It does not fire after that." : "It does not fire again after that.";

    /// <param name="zone">Where an instant without an offset is local. Null: it needs one.</param>
    private static DateTimeOffset ParseFrom(string text, TimeZoneInfo? zone)
    {
        // RoundtripKind leaves "no offset" visible as Unspecified; the other two kinds name an instant.
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var local))
            throw new UsageException($"--from: '{text}' is not an instant; allowed is ISO 8601 such as 2026-03-29T01:30:00+01:00.");
        if (local.Kind != DateTimeKind.Unspecified)
            return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
        if (zone is null)
            throw new UsageException(
                $"--from: '{text}' has no offset; a stored schedule needs one, such as 2026-03-29T01:30:00+01:00.");
        // In the first hours of the year 1 and the last of 9999 some offsets lead out of the calendar.
        return local.Year is > 1 and < 9999
            ? new DateTimeOffset(local, zone.GetUtcOffset(local))
            : throw new UsageException($"--from: '{text}' is not allowed; allowed are the years 2 to 9998.");
    }
}
