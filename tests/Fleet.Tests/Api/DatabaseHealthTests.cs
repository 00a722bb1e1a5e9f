using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Fleet.Tests.Api;

/// <summary>What the API and the health checks tell of a database that fails.</summary>
public sealed class DatabaseHealthTests
{
    private int _calls;

    [Fact]
    public async Task Ready_DatabaseIsFull_SaysSoWithinTheTimeOfAProbe()
    {
        await using var fleet = await StartAsync(
            nameof(IStorage.PingAsync),
            () => throw new DatabaseUnavailableException("database: too many connections (53300: no)", TimeSpan.FromSeconds(3)));

        var (status, description) = await ReadyAsync(fleet);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "database: too many connections (53300: no)"), (status, description));
    }

    [Fact]
    public async Task Ready_DatabaseSaysNothing_IsAnsweredAndNotAskedAgainMeanwhile()
    {
        using var silence = new ManualResetEventSlim();
        await using var fleet = await StartAsync(nameof(IStorage.PingAsync), silence.Wait);
        try
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ReadyAsync(fleet)));

            Assert.All(answers, a => Assert.Equal((HttpStatusCode.ServiceUnavailable, "database: no answer within 1.5 s"), a));
            Assert.Equal(1, _calls);
        }
        finally
        {
            silence.Set();
        }

        await Waiting.UntilAsync(async () => (await ReadyAsync(fleet)).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Ready_AskedOften_AsksTheDatabaseOnceASecond()
    {
        await using var fleet = await StartAsync(nameof(IStorage.PingAsync), () => { });
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50; i++)
            Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(fleet)).Status);

        Assert.InRange(_calls, 1, 1 + (int)Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    [Fact]
    public async Task Lanes_DatabaseIsAway_ShowWhatWasMeasuredAndAre503Otherwise()
    {
        var isAway = false;
        await using var fleet = await StartAsync(nameof(IStorage.Read), () =>
        {
            if (isAway)
                throw new DatabaseUnavailableException("database: it is away", TimeSpan.FromSeconds(3));
        });
        var before = (await fleet.Http.GetFromJsonAsync<JsonObject>("/api/v1/lanes/default/demand"))!;
        isAway = true;

        var after = (await fleet.Http.GetFromJsonAsync<JsonObject>("/api/v1/lanes/default/demand"))!;
        using var unmeasured = await fleet.Http.GetAsync("/api/v1/lanes/other/demand");

        Assert.Equal((int?)before["demand"], (int?)after["demand"]);
        Assert.NotEqual("00:00:00", (string?)after["age"]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unmeasured.StatusCode);
        Assert.Equal("database_unavailable", (string?)(await unmeasured.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
        Assert.NotNull(unmeasured.Headers.RetryAfter);
        isAway = false;
    }

    [Theory]
    [InlineData("unknown", "outcome_unknown", "not known whether run ")]
    [InlineData("full", "database_unavailable", "database: too many connections (53300). Nothing was stored.")]
    [InlineData("locked", "database_unavailable", "database: SQLite Error 5: 'database is locked'. Nothing was stored.")]
    public async Task Enqueue_DatabaseFails_Is503AndSaysWhatIsKnown(string failure, string code, string detail)
    {
        var isOn = false;
        await using var fleet = await StartAsync(nameof(IRunStatements.InsertAsync), () =>
        {
            if (isOn)
                throw Make(failure);
        });
        isOn = true;

        using var answer = await fleet.Http.PostAsJsonAsync("/api/v1/runs", new { job = "test.scripted", args = new { word = "x" } });

        var problem = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, code), (answer.StatusCode, (string?)problem["code"]));
        Assert.Contains(detail, (string?)problem["detail"], StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
        if (failure == "unknown")
        {
            Assert.Contains("with the same idempotency key", (string?)problem["detail"], StringComparison.Ordinal);
            Assert.DoesNotContain("Nothing was stored", (string?)problem["detail"], StringComparison.Ordinal);
        }
    }

    private static Exception Make(string failure) => failure switch
    {
        "unknown" => new OutcomeUnknownException(new NpgsqlException("Exception while reading from stream")),
        "full" => new DatabaseUnavailableException("database: too many connections (53300)", TimeSpan.FromSeconds(3)),
        _ => new SqliteException("SQLite Error 5: 'database is locked'.", 5),
    };

    private Task<EmbeddedFleet> StartAsync(string method, Action onCall) => ScriptedFleet.StartAsync(
        new Script(_ => Task.CompletedTask),
        configure: services => StorageSpy.AddTo(services, method, () =>
        {
            Interlocked.Increment(ref _calls);
            onCall();
        }));

    private static async Task<(HttpStatusCode Status, string? Description)> ReadyAsync(EmbeddedFleet fleet)
    {
        using var answer = await fleet.Http.GetAsync("/health/ready");
        var view = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        return (answer.StatusCode, (string?)view["components"]!["database"]!["description"]);
    }
}
