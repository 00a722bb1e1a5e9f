using Fleet.Client;
using Fleet.Core.Explain;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>Explanations as the API shows them.</summary>
internal static class ExplanationViews
{
    /// <summary>The answer to a request for an explanation.</summary>
    /// <param name="explanation">The explanation.</param>
    /// <param name="id">The run or the schedule.</param>
    /// <param name="http">The request.</param>
    public static IResult Answer(Explanation explanation, string id, HttpContext http)
    {
        var root = Problems.BaseOf(http.Request) + "/api/v1/";
        return Results.Json(
            new ExplanationView
            {
                Id = id,
                Summary = explanation.Summary,
                Sentences = [.. explanation.Sentences.Select(s => ToView(s, root))],
                Now = new ExplainedNowView
                {
                    State = explanation.Now.State,
                    MayStart = explanation.Now.MayStart,
                    Reasons = [.. explanation.Now.Reasons.Select(s => ToView(s, root))],
                },
            },
            FleetJson.Payload);
    }

    private static SentenceView ToView(Sentence sentence, string root) => new()
    {
        Code = sentence.Code.ToWord(),
        Text = sentence.Text,
        At = sentence.At?.ToUniversalTime(),
        Evidence =
        [
            .. sentence.Evidence.Select(e => new EvidenceView
            {
                Table = e.Table,
                Id = e.Id,
                Link = e.Path is { } path ? root + path : null,
            }),
        ],
    };
}
