using System.Text;
using System.Text.Json;
using Fleet.Tests.House;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>The members of the API's answers, in their order: each with its words, or with the kind of its value.</summary>
public sealed class AnswerShapesTests : IAsyncLifetime
{
    // One for each test: what one leaves behind shows in the lists of the other.
    private readonly ApiFleet _api = new();

    private static readonly string[] Words =
    [
        "state", "outcome", "fromState", "level", "result", "misfire", "overlap", "status", "source", "change", "kind",
    ];

    public ValueTask InitializeAsync() => _api.InitializeAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Answers_OfRunsSchedulesAndLanes_KeepTheirShape()
    {
        var shapes = new Shapes(_api);
        // An older run, so that the list has a next page.
        await _api.EnqueueAsync("""{"job":"diag.echo","args":{}}""");
        var failed = await _api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"},"lane":"narrow"}""");
        await _api.Fleet.WaitAsync(failed);
        await shapes.AppendAsync("POST", $"/api/v1/runs/{failed}/replay");
        await _api.Fleet.WaitAsync(failed);
        await shapes.AppendAsync("GET", $"/api/v1/runs/{failed}");
        await shapes.AppendAsync("GET", "/api/v1/runs?limit=1");
        var talking = await _api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"talk"}}""");
        await _api.Fleet.WaitAsync(talking);
        await Waiting.UntilAsync(async () => (await _api.SendAsync("GET", $"/api/v1/runs/{talking}/logs")).Items.Count == 3);
        await shapes.AppendAsync("GET", $"/api/v1/runs/{talking}/logs");
        await shapes.AppendAsync(
            "POST", "/api/v1/runs", """{"job":"diag.echo","args":{},"delay":"1h"}""", id => $"/api/v1/runs/{id}/cancel");
        await shapes.AppendAsync("POST", "/api/v1/runs/batch", """{"runs":[{"job":"diag.echo","args":{}}]}""");
        await shapes.AppendAsync(
            "PUT", "/api/v1/schedules/shapes", """{"job":"diag.echo","args":{},"cron":"0 2 * * *","zone":"Europe/Berlin"}""");
        await shapes.AppendAsync("GET", "/api/v1/lanes");
        await shapes.AppendAsync("GET", "/api/v1/workers");

        Approved.Check(shapes.ToString(), "api-answers.approved.txt");
    }

    [Fact]
    public async Task Answers_OfPreviewsFiguresAndJobs_KeepTheirShape()
    {
        var shapes = new Shapes(_api);
        // The simulation knows how long the job takes.
        await _api.Fleet.WaitAsync(await _api.EnqueueAsync("""{"job":"diag.echo","args":{}}"""));
        // The clock is set forward on Sunday, 28 March 2027, so there is an effect to show. Quartz reads the cron in another way, so there
        // is a warning.
        const string body = """{"job":"diag.echo","args":{},"cron":"0 30 2 ? * 0","zone":"Europe/Berlin","labels":{"team":"a"}}""";
        const string edit = """{"job":"diag.echo","args":{},"cron":"0 30 2 * * 1","zone":"Europe/Berlin"}""";
        const string range = "from=2027-03-27T12:00:00Z&until=2027-04-20T00:00:00Z";
        await _api.SendAsync("PUT", "/api/v1/schedules/previews", body);

        await shapes.AppendAsync("GET", "/api/v1/schedules/previews");
        await shapes.AppendAsync("GET", "/api/v1/schedules/previews/next?count=2&after=2027-03-27T12:00:00Z");
        await shapes.AppendAsync("POST", $"/api/v1/schedules/previews/diff?{range}", edit);
        await shapes.AppendAsync("GET", $"/api/v1/simulation?{range}");
        await shapes.AppendAsync(
            "POST", "/api/v1/schedules/previews/backfill",
            """{"from":"2026-01-01T00:00:00Z","until":"2026-02-01T00:00:00Z","dryRun":true}""");
        await shapes.AppendAsync("GET", "/api/v1/schedules/previews/figures?from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z");
        await shapes.AppendAsync("GET", "/api/v1/jobs/diag.echo");
        await shapes.AppendAsync("POST", "/api/v1/schedules/previews/pause", """{"reason":"r","until":"2036-01-01T00:00:00Z"}""");
        await shapes.AppendAsync("POST", "/api/v1/schedules/previews/trigger");
        await shapes.AppendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","args":{},"lane":"A"}""");
        await _api.SendAsync("DELETE", "/api/v1/schedules/previews");

        Approved.Check(shapes.ToString(), "api-previews.approved.txt");
    }

    private sealed class Shapes(ApiFleet api)
    {
        private readonly StringBuilder _shapes = new();

        public override string ToString() => _shapes.ToString();

        public async Task AppendAsync(string method, string path, string? body = null, Func<string, string>? then = null)
        {
            var answer = await api.SendAsync(method, path, body);
            var shown = path.Split('?')[0].Split('/').Select(part => Guid.TryParse(part, out _) ? "ID" : part);
            _shapes.Append(method).Append(' ').AppendJoin('/', shown).AppendLine();
            Append(answer.Json, "  ");
            if (then is not null)
                await AppendAsync("POST", then($"{answer.Id}"));
        }

        private void Append(JsonElement element, string indent)
        {
            foreach (var member in element.EnumerateObject())
            {
                var value = member.Value;
                // There is a trace while another test listens to traces of this process.
                _shapes.Append(indent).Append(member.Name).Append(": ").AppendLine(
                    member.Name == "traceId" ? "String or Null"
                    : Words.Contains(member.Name, StringComparer.Ordinal) ? value.ToString() : value.ValueKind.ToString());
                if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
                    value = value[0];
                if (value.ValueKind == JsonValueKind.Object && member.Name is not ("args" or "output" or "labels" or "schema"))
                    Append(value, indent + "  ");
            }
        }
    }
}
