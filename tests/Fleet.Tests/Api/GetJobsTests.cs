using System.Text.Json;

namespace Fleet.Tests.Api;

/// <summary>GET /api/v1/jobs.</summary>
[Collection(ApiFleet.Shared)]
public sealed class GetJobsTests(ApiFleet api)
{
    [Fact]
    public async Task ListJobs_Each_HasASchemaAndAnExampleThatIsAccepted()
    {
        var jobs = (await api.SendAsync("GET", "/api/v1/jobs")).Items;

        foreach (var name in new[] { "diag.echo", "diag.sleep", "diag.flaky", "diag.fail", "diag.crash", "diag.ledger", "test.ruled" })
        {
            var job = jobs.Single(j => j.GetProperty("name").GetString() == name);
            Assert.Equal(JsonValueKind.Object, job.GetProperty("schema").ValueKind);
            var example = job.GetProperty("example");
            Assert.Equal(name, example.GetProperty("job").GetString());
            var one = await api.SendAsync("GET", "/api/v1/jobs/" + name);
            Assert.Equal((200, job.GetRawText()), (one.Status, one.Text));
            if (name != "diag.crash")
                await api.EnqueueAsync(example.GetRawText());
        }

        var ruled = (await api.SendAsync("GET", "/api/v1/jobs/test.ruled")).Json;
        Assert.Equal(
            ("narrow", 2, "00:00:05", "test.old"),
            (ruled.GetProperty("lane").GetString(), ruled.GetProperty("maxAttempts").GetInt32(), ruled.GetProperty("timeout").GetString(),
                ruled.GetProperty("aliases")[0].GetString()));
    }
}
