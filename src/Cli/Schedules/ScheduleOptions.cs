using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Schedules;

/// <summary>The options that define a schedule. Each stands for a field of the API; the server checks the values.</summary>
internal sealed class ScheduleOptions
{
    private readonly Option<string> _job = Text("--job", "The job to run.", "NAME");
    private readonly Option<string> _args = Text("--args", "The job's args as JSON.", "JSON");

    /// <summary>Options whose value is a text, with the name of the field.</summary>
    private readonly (string Field, Option<string> Option)[] _texts;

    private readonly (string Field, Option<int?> Option)[] _numbers =
    [
        ("maxAttempts", NumberOption.Make("--max-attempts", 1, 1000, "Attempts in all.", "N")),
        ("maxOccurrences", NumberOption.Make("--max-occurrences", 1, int.MaxValue, "After how many occurrences it stops.", "N")),
    ];

    private readonly (string Field, Option<string[]> Option)[] _lists =
    [
        ("tags", new("--tag") { Description = "A tag of its runs; may be given several times.", HelpName = "TAG" }),
        ("exclude", new("--exclude") { Description = "A date without fire times; may be given several times.", HelpName = "DATE" }),
    ];

    private readonly Option<string[]> _labels = new("--label")
    {
        Description = "A label; may be given several times.",
        HelpName = "NAME=VALUE",
    };

    private ScheduleOptions() => _texts =
    [
        ("job", _job),
        ("cron", Text("--cron", "A cron expression, or a macro such as @hourly.", "EXPR")),
        ("every", Text("--every", "A period such as 15m.", "PERIOD")),
        ("at", Text("--at", "One instant, ISO 8601 with offset.", "INSTANT")),
        ("anchor", Text("--anchor", "The instant from which the multiples of --every count.", "INSTANT")),
        ("zone", Text("--zone", "IANA time zone of the cron expression.", "ZONE")),
        ("startsAt", Text("--starts-at", "Nothing fires before this instant.", "INSTANT")),
        ("endsAt", Text("--ends-at", "Nothing fires after this instant.", "INSTANT")),
        ("jitter", Text("--jitter", "A period over which schedules that fire together are spread.", "PERIOD")),
        ("misfire", Text("--misfire", "What happens to missed fire times: runLatest, skip or runAll.", "POLICY")),
        ("misfireDeadline", Text("--misfire-deadline", "Maximum age of a missed fire time that still runs.", "PERIOD")),
        ("overlap", Text("--overlap", "What happens when a run has not ended: allow, skip, queue or replace.", "POLICY")),
        ("lane", Text("--lane", "The lane of its runs.", "NAME")),
    ];

    /// <summary>Adds them to a command.</summary>
    public static ScheduleOptions AddTo(Command command)
    {
        var options = new ScheduleOptions();
        foreach (var (_, option) in options._texts)
            command.Add(option);
        command.Add(options._args);
        foreach (var (_, option) in options._numbers)
            command.Add(option);
        foreach (var (_, option) in options._lists)
            command.Add(option);
        command.Add(options._labels);
        return options;
    }

    /// <summary>Writes what is given into a definition.</summary>
    /// <returns>False when nothing is given.</returns>
    public bool ApplyTo(JsonObject body, ParseResult parsed)
    {
        var isGiven = false;
        // One trigger replaces another.
        string[] triggers = ["cron", "every", "at"];
        if (_texts.Any(t => triggers.Contains(t.Field) && parsed.GetValue(t.Option) is not null))
        {
            foreach (var trigger in triggers)
                body.Remove(trigger);
        }

        foreach (var (field, option) in _texts)
            Put(field, parsed.GetValue(option) is { } text ? JsonValue.Create(text) : null);
        foreach (var (field, option) in _numbers)
            Put(field, parsed.GetValue(option) is { } number ? JsonValue.Create(number) : null);
        foreach (var (field, option) in _lists)
            Put(field, parsed.GetValue(option) is { Length: > 0 } list ? new JsonArray([.. list.Select(v => JsonValue.Create(v))]) : null);
        Put("args", parsed.GetValue(_args) is { } args ? ReadArgs(args) : null);
        Put("labels", parsed.GetValue(_labels) is { Length: > 0 } labels ? new JsonObject(labels.Select(ReadLabel)) : null);
        return isGiven;

        void Put(string field, JsonNode? value)
        {
            if (value is null)
                return;
            body[field] = value;
            isGiven = true;
        }
    }

    private static KeyValuePair<string, JsonNode?> ReadLabel(string text) => text.Split('=', 2) is [{ Length: > 0 } name, var value]
        ? new(name, JsonValue.Create(value))
        : throw new UsageException($"--label: '{text}' is not allowed; allowed is NAME=VALUE.");

    private static JsonNode ReadArgs(string text)
    {
        try
        {
            return JsonNode.Parse(text) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"--args: {Plain.Line(text, 100)} is not JSON; put it in single quotes. {e.Message}");
        }
    }

    private static Option<string> Text(string name, string description, string help) => new(name)
    {
        Description = description,
        HelpName = help,
    };
}
