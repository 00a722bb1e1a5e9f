using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Explain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class ExplainRunsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/runs/{id}/explain", ExplainAsync).Declare(
            new("explainRun", "Says why a run ran, ran late, was tried again or skipped, or does not run now.")
            {
                Permission = Permission.Follow,
                Description = "Every sentence has a code for programs, a text for people, and the rows that it comes from. What is not "
                    + "stored any more is said, not guessed. `now` says what holds at the moment of the answer.",
                Parameters = [CommonParameters.RunId],
                Answers = [AnswerContract.Of<ExplanationView>("The explanation.")],
                Problems = ["not_found"],
            });

    private static async Task<IResult> ExplainAsync(string id, HttpContext http, ExplainRuns explain, CancellationToken ct)
    {
        var run = CommonParameters.RunId.Of(http);
        return await explain.ExecuteAsync(run, ct) is { } explanation
            ? ExplanationViews.Answer(explanation, $"{run}", http)
            : Problems.NotFound("run", id);
    }
}
