using System.Text.Json.Nodes;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary>A length of time, such as <c>6h</c>.</summary>
internal sealed record DurationParameter(string Name, string Description) : Parameter(Name, Description)
{
    public override JsonObject MakeSchema() => new() { ["type"] = "string" };

    public override InputError? Check(string text) => Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero
        ? null
        : RunRules.Invalid(Code, Name, text, "a duration above zero: " + Durations.Allowed);

    /// <summary>The duration; null when it is left out.</summary>
    public TimeSpan? Find(HttpContext http) => Text(http) is { } text && Durations.TryParse(text, out var duration) ? duration : null;
}
