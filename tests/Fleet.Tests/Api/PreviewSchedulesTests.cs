using Fleet.Api.Contract;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary>What fires next, what the fleet will have to do, and what an edit would change.</summary>
public sealed class PreviewSchedulesTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Simulation = "/api/v1/simulation";
    private const string Autumn = "?from=2026-10-24T00:00:00Z&until=2026-10-27T00:00:00Z";

    [Fact]
    public async Task Simulation_SchedulesThatCollide_AreCounted()
    {
        await ClearAsync();
        await PutAsync("sim-a", """ "cron":"30 2 * * *","zone":"Europe/Berlin","lane":"sim" """);
        await PutAsync("sim-b", """ "cron":"30 0 25 10 *","lane":"sim" """);
        await PutAsync("sim-paused", """ "cron":"* * * * *","lane":"sim" """);
        await api.SendAsync("POST", "/api/v1/schedules/sim-paused/pause");

        var answer = await api.SendAsync("GET", Simulation + Autumn);

        Assert.Equal(200, answer.Status);
        Assert.Equal("2026-10-24T00:00:00+00:00", answer["from"]);
        Assert.Equal("", answer["truncatedAt"]);
        var schedules = Items(answer, "schedules").ToDictionary(s => s.GetProperty("id").GetString()!);
        Assert.DoesNotContain("sim-paused", schedules.Keys);
        Assert.Equal((3, 1), (schedules["sim-a"].GetProperty("firings").GetInt32(), schedules["sim-b"].GetProperty("firings").GetInt32()));
        Assert.Equal("2026-10-24T00:30:00+00:00", schedules["sim-a"].GetProperty("next")[0].GetString());
        var effect = Assert.Single(schedules["sim-a"].GetProperty("clockEffects").EnumerateArray());
        Assert.Equal(
            ("once", -60, 1),
            (effect.GetProperty("kind").GetString(), effect.GetProperty("minutes").GetDouble(), effect.GetProperty("count").GetInt32()));
        Assert.Equal("the clock shows 02:30 twice; it fires the first time only", effect.GetProperty("text").GetString());
        Assert.Equal("2026-10-25T02:30:00+02:00", effect.GetProperty("fireTimes")[0].GetString());
        var lane = Assert.Single(Items(answer, "lanes"), l => l.GetProperty("lane").GetString() == "sim");
        Assert.Equal((4, 2), (lane.GetProperty("firings").GetInt32(), lane.GetProperty("mostAtOnce").GetInt32()));
        var busiest = Items(answer, "busiest")[0];
        Assert.Equal(
            ("2026-10-25T00:30:00+00:00", 2), (busiest.GetProperty("minute").GetString(), busiest.GetProperty("starts").GetInt32()));
        Assert.Equal(["sim-a", "sim-b"], busiest.GetProperty("schedules").EnumerateArray().Select(s => s.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Simulation_MeanDuration_IsThatOfRunsThatSucceeded()
    {
        await ClearAsync();
        await PutAsync("weighted", """ "cron":"30 59 11 24 10 *","lane":"weighted" """, job: "test.scripted", args: """{"word":""}""");
        // Runs of 80 s and 100 s, and one that failed after an hour.
        foreach (var (seconds, state) in new[] { (80, RunState.Succeeded), (100, RunState.Succeeded), (3600, RunState.Failed) })
        {
            var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":""}}""");
            await api.Fleet.WaitAsync(id);
            await api.Fleet.Storage.WriteAsync(
                async scope =>
                {
                    var run = await scope.Db.Runs.AsTracking().SingleAsync(r => r.Id == id);
                    (run.StartedAt, run.State) = (run.FinishedAt!.Value.AddSeconds(-seconds), state);
                    return await scope.Db.SaveChangesAsync();
                },
                CancellationToken.None);
        }

        var answer = await api.SendAsync("GET", Simulation + Autumn);

        var schedule = Assert.Single(Items(answer, "schedules"), s => s.GetProperty("id").GetString() == "weighted");
        Assert.Equal(90, schedule.GetProperty("meanSeconds").GetDouble());
        var load = answer.Json.GetProperty("load");
        Assert.Equal(
            ("2026-10-24T00:00:00+00:00", 1), (load.GetProperty("from").GetString(), load.GetProperty("minutesPerCell").GetInt32()));
        Assert.Equal([0, 30, 60, 0], load.GetProperty("busySeconds").EnumerateArray().Skip(718).Take(4).Select(b => b.GetDouble()));
        Assert.Equal([0, 1, 0, 0], load.GetProperty("starts").EnumerateArray().Skip(718).Take(4).Select(b => b.GetInt32()));
    }

    [Fact]
    public async Task Simulation_AWeekByDefault_IsSmall()
    {
        await ClearAsync();
        await PutAsync("every-minute", """ "cron":"* * * * *" """);

        var answer = await api.SendAsync("GET", Simulation);

        Assert.Equal(TimeSpan.FromDays(7), DateTimeOffset.Parse(answer["until"]!) - DateTimeOffset.Parse(answer["from"]!));
        Assert.InRange(answer.Json.GetProperty("load").GetProperty("starts").GetArrayLength(), 10_080, 10_081);
        Assert.InRange(answer.Text.Length, 10_000, 100_000);
    }

    [Fact]
    public async Task Simulation_AYear_IsMappedByTheHour()
    {
        await ClearAsync();
        await PutAsync("hourly", """ "cron":"0,59 * * * *","lane":"hourly" """);

        var answer = await api.SendAsync("GET", Simulation + "?from=2026-01-01T00:30:00Z&until=2027-01-01T00:00:00Z");

        var load = answer.Json.GetProperty("load");
        Assert.Equal(
            ("2026-01-01T00:00:00+00:00", 60, 8761),
            (load.GetProperty("from").GetString(), load.GetProperty("minutesPerCell").GetInt32(),
                load.GetProperty("starts").GetArrayLength()));
        // From 00:30 on, only the one at 00:59 is left of the first hour.
        Assert.Equal([1, 2, 2], load.GetProperty("starts").EnumerateArray().Take(3).Select(s => s.GetInt32()));
        Assert.InRange(answer.Text.Length, 10_000, 100_000);
    }

    [Fact]
    public async Task Next_StoredSchedule_TellsLocalTimesAndTheClock()
    {
        await PutAsync("next-a", """ "cron":"30 2 * * *","zone":"America/New_York" """);

        // A plus that nobody escaped is a space on the way.
        var answer = await api.SendAsync("GET", "/api/v1/schedules/next-a/next?count=2&after=2026-03-08T00:00:00+00:00");

        Assert.Equal((200, "America/New_York", "running"), (answer.Status, answer["zone"], answer["status"]));
        Assert.Equal(
            ["2026-03-08T07:00:00+00:00 2026-03-08T03:00:00-04:00 the clock skips 02:30; it fires at 03:00, when the clock has jumped",
                "2026-03-09T06:30:00+00:00 2026-03-09T02:30:00-04:00 "],
            answer.Items.Select(
                i => $"{i.GetProperty("at")} {i.GetProperty("local")} "
                + $"{(i.GetProperty("clockEffect") is { ValueKind: JsonValueKind.Object } e ? e.GetProperty("text") : "")}"));
    }

    [Fact]
    public async Task Next_Defaults_AreTenFromNow()
    {
        await PutAsync("next-b", """ "every":"1h" """);

        var answer = await api.SendAsync("GET", "/api/v1/schedules/next-b/next");

        Assert.Equal((await api.SendAsync("GET", "/api/v1/schedules/next-b"))["words"], answer["words"]);
        Assert.Equal(10, answer.Items.Count);
        Assert.Equal((await api.SendAsync("GET", "/api/v1/schedules/next-b"))["nextFireAt"], answer.Items[0].GetProperty("at").GetString());
    }

    [Fact]
    public async Task Next_FiresNoMore_IsShorterThanAsked()
    {
        await PutAsync("next-c", $""" "at":"{TimeProvider.System.GetUtcNow().AddDays(3):O}" """);

        Assert.Single((await api.SendAsync("GET", "/api/v1/schedules/next-c/next?count=5")).Items);
    }

    [Fact]
    public async Task Diff_Edit_TellsWhatComesAndGoesAndChangesNothing()
    {
        await PutAsync("diff-a", """ "cron":"0 4 * * *","zone":"Europe/Berlin" """);
        var before = (await api.SendAsync("GET", "/api/v1/schedules/diff-a")).Text;

        var answer = await DiffAsync(
            "diff-a", """ "cron":"0 4 * * MON","zone":"Europe/London" """, "?from=2026-10-24T00:00:00Z&until=2026-10-27T00:00:00Z");

        Assert.Equal(
            (200, "1", "3", "0", "False", ""),
            (answer.Status, answer["added"], answer["removed"], answer["kept"], answer["truncated"], answer["truncatedAt"]));
        Assert.Equal(
            ["removed 2026-10-24T04:00:00+02:00", "removed 2026-10-25T04:00:00+01:00", "removed 2026-10-26T04:00:00+01:00",
                "added 2026-10-26T04:00:00+00:00"],
            Items(answer, "changes").Select(c => $"{c.GetProperty("change")} {c.GetProperty("local")}"));
        Assert.Equal(before, (await api.SendAsync("GET", "/api/v1/schedules/diff-a")).Text);
    }

    [Fact]
    public async Task Diff_OtherArgsOnly_ChangesNoFireTime()
    {
        await PutAsync("diff-b", """ "every":"1h" """);

        var answer = await DiffAsync("diff-b", """ "cron":"0 * * * *","args":{"a":1},"lane":"other" """);

        Assert.Equal(("0", "0", "168"), (answer["added"], answer["removed"], answer["kept"]));
    }

    [Fact]
    public async Task Diff_MoreThanCount_IsTruncatedAndSaysSo()
    {
        await PutAsync("diff-c", """ "every":"1h" """);

        var answer = await DiffAsync("diff-c", """ "every":"1m" """, "?count=3");

        Assert.Equal((3, "True", "9912"), (Items(answer, "changes").Count, answer["truncated"], answer["added"]));
    }

    [Fact]
    public async Task Diff_ClockEffects_StandAtTheirSide()
    {
        await PutAsync("diff-d", """ "cron":"30 2 * * *","zone":"Europe/Berlin" """);

        var answer = await DiffAsync(
            "diff-d", """ "cron":"0 3 * * *","zone":"Europe/Berlin" """, "?from=2026-10-24T12:00:00Z&until=2026-10-25T12:00:00Z");

        Assert.Equal(
            ["removed 2026-10-25T02:30:00+02:00 once", "added 2026-10-25T03:00:00+01:00 "],
            Items(answer, "changes")
                .Select(c => $"{c.GetProperty("change")} {c.GetProperty("local")} "
                    + $"{(c.GetProperty("clockEffect") is { ValueKind: JsonValueKind.Object } e ? e.GetProperty("kind") : "")}"));
    }

    [Fact]
    public async Task Diff_EditThatCollides_NamesTheOthersAndTheSlots()
    {
        await PutAsync("diff-e", """ "cron":"0 4 * * *","lane":"narrow" """);
        await PutAsync("diff-backup", """ "cron":"30 2 * * *","lane":"narrow" """);

        var answer = await DiffAsync("diff-e", """ "cron":"30 2 * * *","lane":"narrow" """, "?from=2026-10-24T00:00:00Z");

        var collisions = answer.Json.GetProperty("collisions");
        Assert.Equal(
            ("narrow", 64, 7),
            (collisions.GetProperty("lane").GetString(), collisions.GetProperty("slots").GetInt32(),
                collisions.GetProperty("count").GetInt32()));
        var worst = collisions.GetProperty("worst")[0];
        Assert.Equal(
            ("2026-10-24T02:30:00+00:00", 2, 2, "diff-backup"),
            (worst.GetProperty("minute").GetString(), worst.GetProperty("starts").GetInt32(), worst.GetProperty("expectedSlots").GetInt32(),
                worst.GetProperty("schedules")[0].GetProperty("id").GetString()));
        Assert.Equal("at 02:30 every day, UTC", answer["words"]);
        // As it is now it collides with nothing.
        Assert.Equal(
            0, (await DiffAsync("diff-e", """ "cron":"0 4 * * *","lane":"narrow" """)).Json
                .GetProperty("collisions").GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Describe_Trigger_SaysInWordsWhenItFires()
    {
        var answer = await api.SendAsync(
            "GET",
            "/api/v1/triggers/describe?cron=30%202%20*%20*%20*&zone=Europe/Berlin&exclude=12-25,12-26&count=2&after=2026-10-24T12:00:00Z");

        Assert.Equal((200, "at 02:30 every day, Europe/Berlin, not on 12-25, 12-26"), (answer.Status, answer["words"]));
        Assert.Equal(
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"], answer.Items.Select(i => i.GetProperty("local").GetString()));
        Assert.Equal("once", answer.Items[0].GetProperty("clockEffect").GetProperty("kind").GetString());
        var quartz = await api.SendAsync("GET", "/api/v1/triggers/describe?cron=0%200%20%3F%20*%202");
        Assert.Equal("quartz_weekdays", quartz.Json.GetProperty("warnings")[0].GetProperty("code").GetString());
        Assert.Equal("every 5 minutes", (await api.SendAsync("GET", "/api/v1/triggers/describe?every=5m"))["words"]);
    }

    [Theory]
    [InlineData("", "invalid_trigger", "trigger")]
    [InlineData("cron=61%20*%20*%20*%20*", "invalid_cron", "cron")]
    [InlineData("every=5m&at=2026-12-01T00:00:00Z", "invalid_trigger", "trigger")]
    [InlineData("at=tomorrow", "invalid_instant", "at")]
    [InlineData("every=5m&zone=Mars", "unknown_zone", "zone")]
    [InlineData("every=5m&exclude=christmas", "invalid_exclude", "exclude[0]")]
    [InlineData("every=5m&count=1001", "invalid_count", "count")]
    [InlineData("cron=0%200%2030%202%20*", "never_fires", "cron")]
    [InlineData("every=5m&zone=Europe/Berlin", "zone_without_effect", "zone")]
    public async Task Describe_BadInput_IsRefusedWithTheField(string query, string code, string field)
    {
        var answer = await api.SendAsync("GET", "/api/v1/triggers/describe?" + query);

        Assert.Equal((400, code, field), (answer.Status, answer["code"], answer["field"]));
        Assert.Contains(code, EndpointContracts.In(api.Fleet.Services).Single(c => c.Name == "describeTrigger").AllCodes);
    }

    [Theory]
    [InlineData(Simulation + "?from=tomorrow", "invalid_instant", "from", "ISO 8601")]
    [InlineData(Simulation + "?from=2026-10-24", "invalid_instant", "from", "ISO 8601")]
    [InlineData(Simulation + "?from=1969-12-31T23:59:59Z", "invalid_range", "from", "1970 to 3650 days ahead")]
    [InlineData(Simulation + "?from=2126-01-01T00:00:00Z", "invalid_range", "from", "1970 to 3650 days ahead")]
    [InlineData(Simulation + "?until=2026-13-01T00:00:00Z", "invalid_instant", "until", "ISO 8601")]
    [InlineData(Simulation + "?from=2026-10-24T00:00:00Z&until=2026-10-24T00:00:00Z", "invalid_range", "until", "at most 366 days")]
    [InlineData(Simulation + "?from=2026-10-24T00:00:00Z&until=2027-10-25T00:00:01Z", "invalid_range", "until", "at most 366 days")]
    [InlineData(Simulation + "?unti=x", "unknown_parameter", "unti", "did you mean 'until'?")]
    [InlineData("/api/v1/schedules/bad/next?count=0", "invalid_count", "count", "1–1000")]
    [InlineData("/api/v1/schedules/bad/next?count=1001", "invalid_count", "count", "1–1000")]
    [InlineData("/api/v1/schedules/bad/next?count=many", "invalid_count", "count", "1–1000")]
    [InlineData("/api/v1/schedules/bad/next?after=now", "invalid_instant", "after", "ISO 8601")]
    [InlineData("/api/v1/schedules/bad/next?after=0001-01-01T00:00:00Z", "invalid_range", "after", "1970")]
    [InlineData("/api/v1/schedules/none/next", "not_found", null, "none", 404)]
    public async Task Get_BadInput_NamesTheField(string path, string code, string? field, string said, int status = 400) =>
        AssertRefused(await api.SendAsync("GET", path), status, code, field, said);

    [Theory]
    [InlineData("bad", """{"job":"diag.echo","cron":"61 * * * *"}""", "", 400, "invalid_cron", "cron", "minute")]
    [InlineData(
        "bad", """{"job":"diag.echo","cron":"0 * * * *","zone":"Europe/Berln"}""", "", 400, "unknown_zone", "zone", "Europe/Berlin")]
    [InlineData("bad", """{"job":"diag.echo"}""", "", 400, "invalid_trigger", "trigger", "exactly one")]
    [InlineData("bad", """{"job":"diag.echo","at":"2020-01-01T00:00:00Z"}""", "", 400, "never_fires", "at", "never fires")]
    [InlineData("bad", """{"job":"diag.echo","every":"1h","lane":"A B"}""", "", 400, "invalid_lane", "lane", "1–64")]
    [InlineData("bad", """{"job":"diag.eco","every":"1h"}""", "", 400, "unknown_job", "job", "diag.echo")]
    [InlineData("bad", """{"job":"test.scripted","args":{"word":5},"every":"1h"}""", "", 400, "invalid_argument", "args.word", "string")]
    [InlineData("bad", """{"every":"1h"}""", "", 400, "missing_field", "job", "missing")]
    [InlineData("bad", """{"job":"diag.echo","evry":"1h"}""", "", 400, "unknown_field", "evry", "every")]
    [InlineData("bad", "", "", 400, "empty_body", "body", "empty")]
    [InlineData("bad", """{"job":"diag.echo","every":"1h"}""", "?count=1001", 400, "invalid_count", "count", "1–1000")]
    [InlineData("bad", """{"job":"diag.echo","every":"1h"}""", "?from=x", 400, "invalid_instant", "from", "ISO 8601")]
    [InlineData(
        "bad", """{"job":"diag.echo","every":"1h"}""", "?until=2020-01-01T00:00:00Z", 400, "invalid_range", "until", "after 'from'")]
    [InlineData("none", """{"job":"diag.echo","every":"1h"}""", "", 404, "not_found", null, "none")]
    public async Task Diff_BadInput_NamesTheField(string id, string body, string query, int status, string code, string? field, string said)
    {
        await PutAsync("bad", """ "every":"1h" """);

        AssertRefused(await api.SendAsync("POST", $"/api/v1/schedules/{id}/diff{query}", body), status, code, field, said);
    }

    private static void AssertRefused(Answer answer, int status, string code, string? field, string said)
    {
        Assert.Equal((status, code, field), (answer.Status, answer["code"], answer["field"]));
        Assert.Contains(said, answer["detail"], StringComparison.Ordinal);
    }

    private static List<JsonElement> Items(Answer answer, string name) => [.. answer.Json.GetProperty(name).EnumerateArray()];

    /// <summary>A simulation is of all schedules, and those of other tests are still there.</summary>
    private Task<int> ClearAsync() =>
        api.Fleet.Storage.WriteAsync(scope => scope.Db.Schedules.ExecuteDeleteAsync(), CancellationToken.None);

    private Task<Answer> DiffAsync(string id, string members, string query = "") =>
        api.SendAsync("POST", $"/api/v1/schedules/{id}/diff{query}", $$"""{"job":"diag.echo",{{members}}}""");

    private async Task PutAsync(string id, string members, string job = "diag.echo", string args = "{}") => Assert.InRange(
        (await api.SendAsync("PUT", "/api/v1/schedules/" + id, $$"""{"job":"{{job}}","args":{{args}},{{members}}}""")).Status, 200, 201);
}
