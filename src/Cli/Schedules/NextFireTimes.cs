using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Core;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule next</c>: the fire times of a trigger, computed here by the scheduler's own code; needs no server.</summary>
public static class NextFireTimes
{
    private const int MostTimes = 10_000;

    private static readonly Option<string> Cron = new("--cron") { Description = "A cron expression of 5, 6 (seconds first) or 7 fields (a year last), or a macro such as @hourly.", HelpName = "EXPR" };
    private static readonly Option<string> Every = new("--every") { Description = "A period such as 15s, 5m or PT1H.", HelpName = "PERIOD" };
    private static readonly Option<string> Zone = new("--zone") { Description = "IANA time zone, such as Europe/Berlin. Default: UTC.", HelpName = "ZONE" };

    private static readonly Option<string> From = new("--from")
    {
        Description = "Fire times after this instant, ISO 8601; without an offset it is local in the zone. Default: now.",
        HelpName = "INSTANT",
    };

    private static readonly Option<int?> Count = NumberOption.Make("--count", 1, MostTimes, "How many. Default: 10.", "N");

    public static Command Command(CommandContext cli)
    {
        var command = new Command("next", "Compute the next fire times of a trigger; needs no server.") { Cron, Every, Zone, From, Count };
        command.SetAction(parsed =>
        {
            var times = Compute(parsed, cli.Time.GetUtcNow());
            if (cli.WantsJson(parsed))
                Console.Out.WriteLine(JsonSerializer.Serialize(times.Select(Iso), FleetJson.Payload));
            else
                times.ForEach(t => Console.Out.WriteLine($"{Iso(t)} {t.ToString("ddd", CultureInfo.InvariantCulture)}"));
        });
        return command;
    }

    private static List<DateTimeOffset> Compute(ParseResult parsed, DateTimeOffset now)
    {
        var count = parsed.GetValue(Count) ?? 10;
        var spec = new TriggerSpec { Cron = parsed.GetValue(Cron), Every = parsed.GetValue(Every), Zone = parsed.GetValue(Zone) };
        if (!Trigger.TryParse(spec, out var trigger, out var error) || !Zones.TryFind(spec.Zone, out var zone, out error))
            throw new CommandFailedException(error.Message);

        var after = parsed.GetValue(From) is { } from ? ParseFrom(from, zone) : now;
        var times = new List<DateTimeOffset>();
        while (times.Count < count && trigger.Next(after) is { } next)
        {
            times.Add(TimeZoneInfo.ConvertTime(next, zone));
            after = next;
        }

        if (times.Count < count)
            Console.Error.WriteLine(times.Count == 0 ? $"It does not fire after {after:yyyy-MM-dd'T'HH:mm:sszzz}." : "It does not fire again after that.");
        return times;
    }

    private static DateTimeOffset ParseFrom(string text, TimeZoneInfo zone)
    {
        // RoundtripKind leaves "no offset" visible as Unspecified; the other two kinds name an instant.
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var local))
            throw new CommandFailedException($"--from: '{text}' is not an instant; allowed is ISO 8601 such as 2026-03-29T01:30:00+01:00.");
        return local.Kind == DateTimeKind.Unspecified
            ? new DateTimeOffset(local, zone.GetUtcOffset(local))
            : DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
    }

    // Fire times are whole seconds, but for a period below one, which no trigger takes.
    private static string Iso(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
}
