using System.Net;
using System.Text.Json;
using Fleet.Cli;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Leadership;
using Fleet.Core.Operations;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Cli;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Access;

/// <summary>Every route that changes something writes one entry of the audit, and one that is refused writes none.</summary>
public sealed class AuditTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private const string Daily = """{"job":"diag.echo","every":"1d"}""";

    private const string Twice = """{"reason":"twice"}""";

    private static readonly (string, string) SameSite = ("Sec-Fetch-Site", "same-origin");

    private static int _things;

    /// <summary>What programs enqueue is not audited (docs/adr/0030), and these change nothing.</summary>
    private static readonly string[] WithoutEntry =
        ["enqueueRun", "enqueueRuns", "importDeadLetters", "diffSchedule", "previewOperation"];

    /// <summary>These make and end the caller's own session: SessionsTests has them.</summary>
    private static readonly string[] OfSessions = ["signIn", "signOut"];

    /// <summary>What each route needs to be there: returns its path, its body and the target of its entry.</summary>
    private static readonly Dictionary<string, (string Action, Func<AuditTests, Task<(string Path, string? Body, string? Target)>> Prepare)>
        Cases = new(StringComparer.Ordinal)
        {
            ["cancelRun"] = ("run.cancel", async test => Of("runs", await test.WaitingAsync(), "/cancel", Twice)),
            ["replayRun"] = ("run.replay", async test => Of("runs", await test.CanceledAsync(), "/replay")),
            ["deleteRun"] = ("run.delete", async test => Of("runs", await test.CanceledAsync(), "", body: null)),
            ["replayDeadLetter"] = ("run.replay", async test => Of("dead-letters", (await test.DeadAsync()).Id, "/replay")),
            ["discardDeadLetter"] = ("dead.discard", async test => Of("dead-letters", (await test.DeadAsync()).Id, "/discard", Twice)),
            ["discardDeadGroup"] = ("dead.discard", async test =>
            {
                var (id, group) = await test.DeadAsync();
                return ($"/api/v1/dead-letters/groups/{group}/discard", Twice, id);
            }
            ),
            ["muteDeadGroup"] = ("dead.mute", async test => Of(
                "dead-letters/groups", (await test.DeadAsync()).Group, "/mute", """{"untilNewVersion":true,"reason":"twice"}""")),
            ["unmuteDeadGroup"] = ("dead.unmute", async test =>
            {
                var (_, group) = await test.DeadAsync();
                await test.CallAsync("POST", $"/api/v1/dead-letters/groups/{group}/mute", """{"untilNewVersion":true}""");
                return Of("dead-letters/groups", group, "/unmute");
            }
            ),
            ["pauseLane"] = ("lane.pause", _ => Task.FromResult(Of("lanes", NewName(), "/pause", Twice))),
            ["resumeLane"] = ("lane.resume", async test =>
            {
                var lane = NewName();
                await test.CallAsync("POST", $"/api/v1/lanes/{lane}/pause", "{}");
                return Of("lanes", lane, "/resume");
            }
            ),
            ["drainWorker"] = ("worker.drain", async test => Of("workers", await test.WorkerAsync("resume"), "/drain")),
            ["resumeWorker"] = ("worker.resume", async test => Of("workers", await test.WorkerAsync("drain"), "/resume")),
            ["putView"] = ("view.put", _ => Task.FromResult(Of("views", NewName(), "", """{"query":"","shared":true}"""))),
            ["deleteView"] = ("view.delete", async test =>
            {
                var view = NewName();
                await test.CallAsync("PUT", $"/api/v1/views/{view}", """{"query":"","shared":true}""");
                return Of("views", view, "", body: null);
            }
            ),
            ["putSchedule"] = ("schedule.put", _ => Task.FromResult(Of("schedules", NewName(), "", Daily))),
            ["pauseSchedule"] = ("schedule.pause", async test => Of("schedules", await test.PutAsync(), "/pause", Twice)),
            ["stopSchedule"] = ("schedule.stop", async test => Of("schedules", await test.PutAsync(), "/stop")),
            ["startSchedule"] = ("schedule.start", async test => Of("schedules", await test.StoppedAsync(), "/start")),
            ["resumeSchedule"] = ("schedule.start", async test => Of("schedules", await test.StoppedAsync(), "/resume")),
            ["triggerSchedule"] = ("schedule.trigger", async test => Of("schedules", await test.PutAsync(), "/trigger")),
            ["backfillSchedule"] = ("schedule.backfill", async test => Of(
                "schedules", await test.PutAsync(), "/backfill",
                """{"from":"2026-01-01T00:00:00Z","until":"2026-01-03T00:00:00Z","lane":"nobody"}""")),
            ["deleteSchedule"] = ("schedule.delete", async test => Of("schedules", await test.PutAsync(), "", body: null)),
            ["createKey"] = ("key.create", _ => Task.FromResult<(string, string?, string?)>(
                ("/api/v1/keys", """{"name":"x","role":"viewer"}""", null))),
            ["rotateKey"] = ("key.rotate", async test => Of("keys", await test.KeyAsync(), "/rotate")),
            ["revokeKey"] = ("key.revoke", async test => Of("keys", await test.KeyAsync(), "/revoke", Twice)),
            ["createOperation"] = ("operation.create", async test =>
            {
                var (token, id) = await test.PreviewAsync("job:none");
                return ("/api/v1/operations", $$"""{"kind":"replay","query":"job:none","token":"{{token}}","reason":"twice"}""", id);
            }
            ),
            ["cancelOperation"] = ("operation.cancel", async test =>
            {
                // At one run per second it is still under way.
                var name = NewName();
                var runs = string.Join(',', Enumerable.Repeat(
                    $$"""{"job":"diag.echo","args":{},"delay":"1h","tags":["{{name}}"]}""", 100));
                await test.CallAsync("POST", "/api/v1/runs/batch", $$"""{"runs":[{{runs}}]}""");
                var (token, id) = await test.PreviewAsync($"tag:{name}", "cancel");
                await test.CallAsync(
                    "POST", "/api/v1/operations", $$"""{"kind":"cancel","query":"tag:{{name}}","token":"{{token}}","rate":1}""");
                return Of("operations", id, "/cancel", Twice);
            }
            ),
            ["endSession"] = ("session.end", async test =>
            {
                var (_, session) = await test.Get<SignIn>().ExecuteAsync(
                    new Principal("x", ActorKind.Person, Role.Viewer), agent: null, Somebody.Me, CancellationToken.None);
                return Of("sessions", session.Id, "", body: null);
            }
            ),
        };

    private string Admin => access.Key(Role.Admin);

    public static TheoryData<string> Audited { get; } = new(Cases.Keys);

    [Fact]
    public void Routes_ThatChangeSomething_AreAllTestedHere() => Assert.Equal(
        Route.All(access.Fleet).Where(r => r.Method != "GET").Select(r => r.Contract.Name).Order(StringComparer.Ordinal),
        Cases.Keys.Concat(WithoutEntry).Concat(OfSessions).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Audited))]
    public async Task Change_WritesOneEntry_WithWhoAndHow(string name)
    {
        var (action, prepare) = Cases[name];
        var (path, body, target) = await prepare(this);
        var method = Route.All(access.Fleet).Single(r => r.Contract.Name == name).Method;
        var last = await LastAsync();

        // 1. Refused: nothing.
        var (refused, _, _) = await access.SendAsync(method, path, access.Key(Role.Metrics), body, ("If-Match", "*"));
        Assert.Equal(name == "endSession" ? HttpStatusCode.NotFound : HttpStatusCode.Forbidden, refused);
        Assert.Empty(await SinceAsync(last));

        // 2. Tried: nothing.
        var contract = Route.All(access.Fleet).Single(r => r.Contract.Name == name).Contract;
        if (contract.Parameters.Any(p => p.Name == "dryRun"))
        {
            await CallAsync(method, $"{path}?dryRun=true", body);
            Assert.Empty(await SinceAsync(last));
        }

        // 3. Done.
        await CallAsync(method, path, body, ("X-Fleet-User", "alex"), ("X-Fleet-Program", "fleet"));
        var entry = Assert.Single(await SinceAsync(last), e => e.Action == action);
        Assert.Equal(
            (Actor.Create(ActorKind.Program, "the admin", "127.0.0.1"), "cli", Admin[4..12], "alex"),
            (entry.By, entry.Way, entry.KeyId, entry.OnBehalfOf));
        Assert.Equal(target ?? entry.Target, entry.Target);
        Assert.Equal(body?.Contains("twice", StringComparison.Ordinal) is true ? "twice" : null, entry.Reason);
        // Whoever rotates a key has made one, too.
        Assert.Equal(name == "rotateKey" ? 2 : 1, (await SinceAsync(last)).Count);
    }

    [Fact]
    public async Task Enqueue_ByAProgram_WritesNone_AndByAPersonOne()
    {
        const string Run = """{"job":"diag.echo","args":{"text":"canary"}}""";
        const string Batch = $$"""{"runs":[{{Run}},{{Run}}]}""";
        var (_, headers, _) = await access.SendAsync("POST", "/api/v1/sessions", null, $$"""{"key":"{{Admin}}"}""", SameSite);
        var cookie = headers.GetValues("Set-Cookie").Single().Split(';')[0];
        var last = await LastAsync();

        await CallAsync("POST", "/api/v1/runs", Run);
        await CallAsync("POST", "/api/v1/runs/batch", Batch);
        Assert.Empty(await SinceAsync(last));

        foreach (var (path, body) in new[] { ("/api/v1/runs", Run), ("/api/v1/runs/batch", Batch) })
        {
            var (status, _, _) = await access.SendAsync(
                "POST", path, null, body, ("Cookie", cookie), SameSite);
            Assert.Equal(HttpStatusCode.Accepted, status);
        }

        var entries = await SinceAsync(last);
        Assert.Equal([("run.enqueue", "page"), ("run.enqueue", "page")], entries.Select(e => (e.Action, e.Way)));
        Assert.All(entries, e => Assert.DoesNotContain("canary", e.After, StringComparison.Ordinal));
    }

    /// <summary>More than the server gives in two answers.</summary>
    [Fact]
    public async Task Command_All_GoesThroughEveryPage()
    {
        const int entries = 1001;
        await access.Fleet.Storage.WriteAsync(
            session =>
            {
                for (var i = 0; i < entries; i++)
                    session.Audit(TimeProvider.System.GetUtcNow(), Somebody.Me, "lane.pause", "paged", before: null, new { i });
                return session.Db.SaveChangesAsync();
            },
            CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, entries).Reverse(), await NumbersAsync("--all"));
        Assert.Equal(Enumerable.Range(0, entries).Reverse().Take(3), await NumbersAsync("--limit", "3"));

        async Task<IEnumerable<int>> NumbersAsync(params string[] options)
        {
            var cli = new CommandContext(TimeProvider.System) { Environment = name => name == "FLEET_API_KEY" ? Admin : null };
            var (_, lines, _) = await FleetCommand.RunAsync(
                cli, ["audit", "--target", "paged", "-o", "jsonl", "--server", $"{access.Fleet.Http.BaseAddress}", .. options]);
            return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonElement.Parse(line).GetProperty("after").GetProperty("i").GetInt32());
        }
    }

    private static (string Path, string? Body, string? Target) Of(string things, string id, string verb, string? body = "{}") =>
        ($"/api/v1/{things}/{id}{verb}", body, id);

    private static string NewName() => $"audited-{Interlocked.Increment(ref _things)}";

    private T Get<T>()
        where T : notnull => access.Fleet.Services.GetRequiredService<T>();

    private async Task<JsonElement> CallAsync(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        var precondition = method == "DELETE" ? [("If-Match", "*")] : Array.Empty<(string, string)>();
        var (status, _, text) = await access.SendAsync(method, path, Admin, body, [.. headers, .. precondition]);
        Assert.True((int)status is >= 200 and < 300, $"{method} {path}: {status} {text}");
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    private async Task<string> WaitingAsync()
    {
        var run = await CallAsync("POST", "/api/v1/runs", """{"job":"diag.echo","args":{"text":"x"},"delay":"1h"}""");
        return run.GetProperty("id").GetString()!;
    }

    /// <summary>A dead letter that is the only one of its group.</summary>
    private async Task<(string Id, string Group)> DeadAsync()
    {
        Assert.True(RunId.TryParse(await CanceledAsync(), out var id));
        var group = await MadeUpDeath.OfAsync(access.Fleet, id);
        return ($"{id}", group);
    }

    private async Task<string> CanceledAsync()
    {
        var run = await WaitingAsync();
        await CallAsync("POST", $"/api/v1/runs/{run}/cancel", "{}");
        return run;
    }

    private async Task<string> WorkerAsync(string verb)
    {
        var workers = await CallAsync("GET", "/api/v1/workers", null);
        var worker = workers.GetProperty("items")[0].GetProperty("id").GetString()!;
        await CallAsync("POST", $"/api/v1/workers/{worker}/{verb}", "{}");
        return worker;
    }

    private async Task<string> PutAsync()
    {
        var schedule = NewName();
        await CallAsync("PUT", $"/api/v1/schedules/{schedule}", Daily);
        return schedule;
    }

    private async Task<string> StoppedAsync()
    {
        var schedule = await PutAsync();
        await CallAsync("POST", $"/api/v1/schedules/{schedule}/stop", "{}");
        return schedule;
    }

    /// <summary>Previews an operation; returns the token and the id that it will have.</summary>
    private async Task<(string Token, string Id)> PreviewAsync(string query, string kind = "replay")
    {
        var preview = await CallAsync(
            "POST", "/api/v1/operations/preview", $$"""{"kind":"{{kind}}","query":"{{query}}"}""");
        var token = preview.GetProperty("token").GetString()!;
        var fleet = await Get<FleetIdentity>().GetAsync(CancellationToken.None);
        var parsed = OperationRules.FindKind(kind)!.Value;
        return (token, OperationToken.Read(token, parsed, query, lanes: null, fleet).Id.ToString("D"));
    }

    private async Task<string> KeyAsync() => (await access.CreateAsync(Role.Viewer)).Key.Id;

    private async Task<long> LastAsync()
    {
        await using var db = access.Fleet.Storage.Read();
        return await db.Audit.MaxAsync(e => e.Id);
    }

    private async Task<List<AuditEntry>> SinceAsync(long id)
    {
        await using var db = access.Fleet.Storage.Read();
        return await db.Audit.Where(e => e.Id > id).OrderBy(e => e.Id).ToListAsync();
    }
}
