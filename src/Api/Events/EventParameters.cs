using System.Text.Json.Nodes;
using Fleet.Api.Contract;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Events;

/// <summary>What a listener wants to hear of, with commas between.</summary>
internal sealed record EventTopicsParameter(string Name, string Description) : Parameter(Name, Description)
{
    public override JsonObject MakeSchema() => new() { ["type"] = "string", ["pattern"] = "^(figures|changes)(,(figures|changes))*$" };

    public override InputError? Check(string text) => text.Split(',').FirstOrDefault(part => TopicOf(part) is null) is { } unknown
        ? RunRules.Invalid(Code, Name, unknown, "figures, changes")
        : null;

    /// <summary>The topics; null when it is left out.</summary>
    public EventTopics? Find(HttpContext http) =>
        Text(http)?.Split(',').Aggregate(EventTopics.None, (all, part) => all | (TopicOf(part) ?? EventTopics.None));

    private static EventTopics? TopicOf(string part) => part switch
    {
        "figures" => EventTopics.Figures,
        "changes" => EventTopics.Changes,
        _ => null,
    };
}

/// <summary>Ids of runs, with commas between.</summary>
internal sealed record RunIdsParameter(string Name, string Description) : Parameter(Name, Description)
{
    private const int MaxRuns = 20;

    public override JsonObject MakeSchema() => new() { ["type"] = "string" };

    public override InputError? Check(string text)
    {
        var parts = text.Split(',');
        if (parts.Length > MaxRuns)
            return RunRules.Invalid(Code, Name, $"{parts.Length} runs", $"at most {MaxRuns} runs");
        return parts.FirstOrDefault(part => !RunId.TryParse(part, out _)) is { } unknown
            ? RunRules.Invalid(Code, Name, unknown, "ids of runs, with commas between them")
            : null;
    }

    /// <summary>The ids; none when it is left out.</summary>
    public HashSet<RunId> Of(HttpContext http) =>
        [.. (Text(http)?.Split(',') ?? []).Select(part => RunId.TryParse(part, out var id) ? id : default)];
}
