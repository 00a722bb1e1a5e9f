using System.Text;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>Args, output, error and log of a run as downloads.</summary>
[Collection(ApiFleet.Shared)]
public sealed class GetRunPartsTests(ApiFleet api)
{
    [Theory]
    [InlineData("""{"html":"<script>alert(1)</script>","n":1.50,"text":"\u00e4ö \n"}""")]
    [InlineData("""{ "spaces" :  [ 1 ] }""")]
    public async Task Args_AsStored_AreSentByteForByte(string args)
    {
        var id = await api.EnqueueAsync($$"""{"job":"diag.echo","args":{{args}},"delay":"1h"}""");
        string stored;
        await using (var db = api.Fleet.Storage.Read())
            stored = db.Runs.Single(r => r.Id == id).Args;

        using var answer = await GetAsync(id, "args");

        Assert.Equal(Encoding.UTF8.GetBytes(stored), await answer.Content.ReadAsByteArrayAsync());
        AssertIsDownload(answer, id, "args", "json", "application/json");
    }

    [Fact]
    public async Task Output_OfASucceededRun_IsSent()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","args":{"a":["<b>"]}}""");
        var run = await api.Fleet.WaitAsync(id);

        using var answer = await GetAsync(id, "output");

        Assert.Equal(run.OutputJson, await answer.Content.ReadAsStringAsync());
        AssertIsDownload(answer, id, "output", "json", "application/json");
    }

    [Fact]
    public async Task Error_OfAFailedRun_HasTypeMessageAndStack()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""");
        await api.Fleet.WaitAsync(id);

        using var answer = await GetAsync(id, "error");

        var text = await answer.Content.ReadAsStringAsync();
        Assert.StartsWith("Fleet.NonRetryableException: Said to fail.\n", text, StringComparison.Ordinal);
        Assert.Contains("   at ", text, StringComparison.Ordinal);
        AssertIsDownload(answer, id, "error", "txt", "text/plain");
    }

    [Fact]
    public async Task Log_OfARun_IsOneLinePerMessage()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"talk"}}""");
        await Waiting.UntilAsync(async () => (await api.SendAsync("GET", $"/api/v1/runs/{id}/logs")).Items.Count == 3);

        using var answer = await GetAsync(id, "log");

        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["1 information one", "1 warning two", "1 error three"], lines.Select(l => l[(l.IndexOf('Z') + 2)..]));
        AssertIsDownload(answer, id, "log", "txt", "text/plain");
    }

    [Theory]
    [InlineData("output", "no_output")]
    [InlineData("error", "no_error")]
    public async Task Part_ThatTheRunDoesNotHave_IsNotFound(string part, string code)
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"1h"}""");

        var answer = await api.SendAsync("GET", $"/api/v1/runs/{id}/{part}");

        Assert.Equal((404, code), (answer.Status, answer["code"]));
    }

    [Theory]
    [InlineData("args")]
    [InlineData("output")]
    [InlineData("error")]
    [InlineData("log")]
    public async Task Part_OfNoRun_IsNotFound(string part)
    {
        var unknown = await api.SendAsync("GET", $"/api/v1/runs/{RunId.New(DateTimeOffset.UnixEpoch)}/{part}");
        var wrong = await api.SendAsync("GET", $"/api/v1/runs/x/{part}");
        var more = await api.SendAsync("GET", $"/api/v1/runs/{RunId.New(DateTimeOffset.UnixEpoch)}/{part}?a=b");

        Assert.Equal((404, "not_found"), (unknown.Status, unknown["code"]));
        Assert.Equal((400, "invalid_id"), (wrong.Status, wrong["code"]));
        Assert.Equal((400, "unknown_parameter"), (more.Status, more["code"]));
    }

    private Task<HttpResponseMessage> GetAsync(RunId id, string part) =>
        api.Http.GetAsync(new Uri(api.Http.BaseAddress + $"api/v1/runs/{id}/{part}"));

    /// <summary>No browser shows it as a page.</summary>
    private static void AssertIsDownload(HttpResponseMessage answer, RunId id, string part, string ending, string type)
    {
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal($"{id}-{part}.{ending}", answer.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }
}
