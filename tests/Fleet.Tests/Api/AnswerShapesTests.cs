using System.Text;
using System.Text.Json;
using Fleet.Tests.House;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>The members of the API's answers, in their order: each with its words, or with the kind of its value.</summary>
public sealed class AnswerShapesTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private static readonly string[] Words = ["state", "outcome", "fromState", "level", "result", "misfire", "overlap", "status", "source"];

    [Fact]
    public async Task Answers_OfRunsSchedulesAndLanes_KeepTheirShape()
    {
        var shapes = new StringBuilder();
        var failed = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"},"lane":"narrow"}""");
        await api.Fleet.WaitAsync(failed);
        await AppendAsync("POST", $"/api/v1/runs/{failed}/replay");
        await api.Fleet.WaitAsync(failed);
        await AppendAsync("GET", $"/api/v1/runs/{failed}");
        await AppendAsync("GET", "/api/v1/runs?limit=1");
        var talking = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"talk"}}""");
        await api.Fleet.WaitAsync(talking);
        await Waiting.UntilAsync(async () => (await api.SendAsync("GET", $"/api/v1/runs/{talking}/logs")).Items.Count == 3);
        await AppendAsync("GET", $"/api/v1/runs/{talking}/logs");
        await AppendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","args":{},"delay":"1h"}""", id => $"/api/v1/runs/{id}/cancel");
        await AppendAsync("POST", "/api/v1/runs/batch", """{"runs":[{"job":"diag.echo","args":{}}]}""");
        await AppendAsync("PUT", "/api/v1/schedules/shapes", """{"job":"diag.echo","args":{},"cron":"0 2 * * *","zone":"Europe/Berlin"}""");
        await AppendAsync("GET", "/api/v1/lanes");
        await AppendAsync("GET", "/api/v1/workers");

        Approved.Check(shapes.ToString(), "api-answers.approved.txt");

        async Task AppendAsync(string method, string path, string? body = null, Func<string, string>? then = null)
        {
            var answer = await api.SendAsync(method, path, body);
            var shown = path.Split('?')[0].Split('/').Select(part => Guid.TryParse(part, out _) ? "ID" : part);
            shapes.Append(method).Append(' ').AppendJoin('/', shown).AppendLine();
            Append(answer.Json, "  ");
            if (then is not null)
                await AppendAsync("POST", then($"{answer.Id}"));
        }

        void Append(JsonElement element, string indent)
        {
            foreach (var member in element.EnumerateObject())
            {
                var value = member.Value;
                shapes.Append(indent).Append(member.Name).Append(": ").AppendLine(
                    Words.Contains(member.Name, StringComparer.Ordinal) ? value.ToString() : value.ValueKind.ToString());
                if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
                    value = value[0];
                if (value.ValueKind == JsonValueKind.Object && member.Name is not ("args" or "output" or "labels"))
                    Append(value, indent + "  ");
            }
        }
    }
}
