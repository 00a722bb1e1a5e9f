using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Cli.Schedules;

/// <summary>The fields that define a schedule, as the API shows them; its status and its times are not among them.</summary>
public static class ScheduleFields
{
    /// <summary>In the order in which a file is written.</summary>
    private static readonly string[] Names =
    [
        "job", "args", "cron", "every", "anchor", "at", "zone", "startsAt", "endsAt", "exclude", "jitter", "maxOccurrences",
        "misfire", "misfireDeadline", "overlap", "lane", "maxAttempts", "tags", "labels",
    ];

    /// <summary>The fields of a schedule that say something else than when they are left out.</summary>
    public static IEnumerable<(string Name, JsonElement Value)> Of(JsonElement schedule)
    {
        foreach (var name in Names)
        {
            if (schedule.TryGetProperty(name, out var value) && !IsDefault(name, value))
                yield return (name, value);
        }
    }

    /// <summary>A stored schedule as the body of a put.</summary>
    public static JsonObject ToBody(JsonElement schedule) => new(
        Of(schedule).Select(field => KeyValuePair.Create(field.Name, JsonNode.Parse(field.Value.GetRawText()))));

    /// <summary>What differs between two schedules, a line for each field.</summary>
    public static IEnumerable<string> Differences(JsonElement before, JsonElement after)
    {
        var (old, changed) = (Of(before).ToDictionary(f => f.Name, f => f.Value), Of(after).ToDictionary(f => f.Name, f => f.Value));
        foreach (var name in Names)
        {
            var (had, has) = (old.TryGetValue(name, out var a), changed.TryGetValue(name, out var b));
            if (had && has && JsonElement.DeepEquals(a, b))
                continue;
            if (had)
                yield return $"- {name}: {Printing.Screen.JsonText(a)}";
            if (has)
                yield return $"+ {name}: {Printing.Screen.JsonText(b)}";
        }
    }

    private static bool IsDefault(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => (name, value.GetString()) is ("misfire", "runLatest") or ("overlap", "allow"),
        _ => false,
    };
}
