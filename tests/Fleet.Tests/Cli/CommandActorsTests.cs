using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Api;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Cli;

/// <summary>Every command that changes something through the API stores the user of the machine. The real program against a real
/// server.</summary>
public sealed class CommandActorsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private static readonly Actor User = Actor.Create(ActorKind.Person, Environment.UserName, "127.0.0.1");

    private static int _schedules;

    /// <summary>Each command that changes something: executes it, and returns the actor that was stored.</summary>
    private static readonly Dictionary<string, Func<CommandActorsTests, Task<Actor?>>> Cases = new(StringComparer.Ordinal)
    {
        ["run enqueue"] = async test => (await test.ReadAsync(await test.RunAsync("run", "enqueue", "diag.echo"))).EnqueuedBy,
        ["run cancel"] = async test =>
        {
            var id = await test.WaitingAsync();
            await test.RunAsync("run", "cancel", id);
            Assert.Contains($"person, by {User}", await test.RunAsync("run", "get", id), StringComparison.Ordinal);
            return (await test.ReadAsync(id)).CanceledBy;
        },
        ["run replay"] = async test =>
        {
            var id = await test.WaitingAsync();
            await test.RunAsync("run", "cancel", id);
            await test.RunAsync("run", "replay", id);
            Assert.Contains($"by {User}", await test.RunAsync("run", "get", id), StringComparison.Ordinal);
            return (await test.ReplayAsync(id)).By;
        },
        ["run delete"] = async test =>
        {
            var id = await test.WaitingAsync();
            await test.RunAsync("run", "cancel", id);
            Assert.Equal($"{id} deleted", await test.RunAsync("run", "delete", id, "--yes"));
            return (await test.ReadAsync(id)).DeletedBy;
        },
        ["operation cancel"] = async test =>
        {
            // At one run per second it is still under way.
            var name = NewId();
            var runs = string.Join(',', Enumerable.Repeat(
                $$"""{"job":"diag.echo","args":{},"delay":"1h","tags":["{{name}}"]}""", 100));
            await test.SendAsync("POST", "/api/v1/runs/batch", $$"""{"runs":[{{runs}}]}""");
            var id = await test.RunAsync(
                "run", "cancel", "--all-matching", $"tag:{name}", "--rate", "1", "--no-wait", "--yes", "-o", "name");
            Assert.StartsWith($"{id} canceled: ", await test.RunAsync("operation", "cancel", id), StringComparison.Ordinal);
            Assert.Contains($"by {User}", await test.RunAsync("operation", "get", id), StringComparison.Ordinal);
            // Nothing is left of it for the other commands to list.
            await test.RunAsync("run", "cancel", "--all-matching", $"tag:{name}", "--rate", "10000", "--yes");
            await using var db = test.Storage();
            return (await db.Operations.SingleAsync(o => o.Id == id)).CanceledBy;
        },
        ["dead replay"] = async test =>
        {
            var id = await test.DeadAsync();
            Assert.Equal(id, await test.RunAsync("dead", "replay", id));
            return (await test.ReplayAsync(id)).By;
        },
        ["dead edit"] = async test =>
        {
            var id = await test.DeadAsync();
            await test.RunAsync("dead", "edit", id, "--patch", """{"retryable":true}""", "--yes");
            Assert.NotNull((await test.ReplayAsync(id)).FromArgs);
            return (await test.ReplayAsync(id)).By;
        },
        ["dead discard"] = async test =>
        {
            var id = await test.DeadAsync();
            Assert.Equal($"{id} discarded", await test.RunAsync("dead", "discard", id, "--reason", "old", "--yes"));
            return (await test.ReadAsync(id)).DiscardedBy;
        },
        ["dead mute"] = async test =>
        {
            var print = (await test.ReadAsync(await test.DeadAsync())).Fingerprint!;
            Assert.Equal($"{print} muted until a new version", await test.RunAsync("dead", "mute", print, "--until-new-version"));
            await using var db = test.Storage();
            return (await db.Mutes.SingleAsync()).By;
        },
        ["dead unmute"] = async test =>
        {
            var print = (await test.ReadAsync(await test.DeadAsync())).Fingerprint!;
            await test.RunAsync("dead", "mute", print, "--until-new-version");
            Assert.Equal($"{print} unmuted", await test.RunAsync("dead", "unmute", print));
            await using var db = test.Storage();
            return (await db.Audit.SingleAsync(e => e.Action == "dead.unmute")).By;
        },
        ["dead import"] = async test =>
        {
            using var folder = new TempFolder();
            var file = Path.Combine(folder.Path, "dead.jsonl");
            var id = await test.DeadAsync();
            await File.WriteAllTextAsync(file, await test.RunAsync("dead", "export", $"id:{id}"));
            Assert.Equal("1 imported, 0 known already", await test.RunAsync("dead", "import", file, "--yes"));
            Assert.Equal("0 imported, 1 known already", await test.RunAsync("dead", "import", file, "--yes"));
            await using var db = test.Storage();
            return (await db.Runs.SingleAsync(r => r.IdempotencyKey == $"dead-letter:{id}:0")).EnqueuedBy;
        },
        ["key create"] = async test =>
        {
            var text = await test.RunAsync("key", "create", "x", "--role", "viewer", "-o", "name");
            return (await test.KeyAsync(text[4..12])).CreatedBy;
        },
        ["key rotate"] = async test =>
        {
            var old = await test.RunAsync("key", "create", "x", "--role", "viewer", "-o", "name");
            var text = await test.RunAsync("key", "rotate", old[4..12], "-o", "name");
            return (await test.KeyAsync(text[4..12])).CreatedBy;
        },
        ["key revoke"] = async test =>
        {
            var text = await test.RunAsync("key", "create", "x", "--role", "viewer", "-o", "name");
            await test.RunAsync("key", "revoke", text[4..12], "--yes");
            return (await test.KeyAsync(text[4..12])).RevokedBy;
        },
        ["session end"] = async test =>
        {
            var (_, session) = await test.SignInAsync();
            await test.RunAsync("session", "end", session);
            await using var db = test.Storage();
            return (await db.Audit.SingleAsync(e => e.Target == session && e.Action == "session.end")).By;
        },
        ["schedule pause"] = test => test.ControlAsync("pause"),
        ["schedule resume"] = test => test.ControlAsync("resume"),
        ["schedule stop"] = test => test.ControlAsync("stop"),
        ["schedule start"] = test => test.ControlAsync("start"),
        ["schedule create"] = async test =>
        {
            var id = NewId();
            Assert.Equal(
                $"{id} created", await test.RunAsync("schedule", "create", id, "--job", "diag.echo", "--every", "1d", "--label", "a=b"));
            return (await test.ScheduleAsync(id)).PutBy;
        },
        ["schedule update"] = async test =>
        {
            var id = await test.PutAsync();
            Assert.Equal($"{id} updated", await test.RunAsync("schedule", "update", id, "--cron", "0 3 * * *", "--tag", "t"));
            Assert.Contains("0 3 * * *", await test.RunAsync("schedule", "get", id), StringComparison.Ordinal);
            return (await test.ScheduleAsync(id)).PutBy;
        },
        ["schedule delete"] = async test =>
        {
            var id = NewId();
            await test.SendAsync("PUT", $"/api/v1/schedules/{id}", """{"job":"diag.echo","every":"1s"}""");
            await Waiting.UntilAsync(async () => await test.PlannedAsync(id) is not null);
            Assert.Equal($"{id} deleted", await test.RunAsync("schedule", "delete", id, "--yes"));
            return (await test.PlannedAsync(id))!.CanceledBy;
        },
        ["schedule trigger"] = async test =>
            (await test.ReadAsync(await test.RunAsync("schedule", "trigger", await test.PutAsync()))).EnqueuedBy,
        ["schedule backfill"] = async test =>
        {
            var id = await test.PutAsync();
            await test.RunAsync("schedule", "backfill", id, "--from", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00Z", "--yes");
            await using var db = test.Storage();
            return (await db.Runs.SingleAsync(r => r.ScheduleId == id)).EnqueuedBy;
        },
        ["view save"] = async test =>
        {
            var name = NewId();
            Assert.Equal($"{name} saved", await test.RunAsync("view", "save", name, "state:failed", "--show", "id,job"));
            Assert.Equal(
                $"{name} saved", await test.RunAsync("view", "save", name, "state:scheduled", "--show", "id,lane", "--sort=-dueAt"));
            var id = await test.WaitingAsync();
            Assert.Contains($"{id}\tdefault", await test.RunAsync("run", "list", "--view", name), StringComparison.Ordinal);
            Assert.Contains("state:scheduled", await test.RunAsync("view", "get", name), StringComparison.Ordinal);
            await using var db = test.Storage();
            return (await db.Views.SingleAsync(v => v.Name == name)).ChangedBy;
        },
        ["view delete"] = async test =>
        {
            var name = NewId();
            await test.RunAsync("view", "save", name, "job:diag.*");
            await using var db = test.Storage();
            var owner = (await db.Views.SingleAsync(v => v.Name == name)).Owner;
            Assert.Equal($"{name} deleted", await test.RunAsync("view", "delete", name, "--yes"));
            Assert.False(await db.Views.AnyAsync(v => v.Name == name));
            return owner;
        },
        ["lane pause"] = async test =>
        {
            Assert.Equal(
                "cli.lane paused; no worker serves it now", await test.RunAsync("lane", "pause", "cli.lane", "--reason", "moving"));
            Assert.Contains($"moving, by {User}", await test.RunAsync("lane", "list"), StringComparison.Ordinal);
            await using var db = test.Storage();
            return (await db.Lanes.SingleAsync(l => l.Name == "cli.lane")).PausedBy;
        },
        ["lane resume"] = async test =>
        {
            await test.RunAsync("lane", "pause", "cli.resumed");
            await using var db = test.Storage();
            var by = (await db.Lanes.AsNoTracking().SingleAsync(l => l.Name == "cli.resumed")).PausedBy;
            Assert.Equal("cli.resumed resumed", await test.RunAsync("lane", "resume", "cli.resumed"));
            var lane = await db.Lanes.AsNoTracking().SingleAsync(l => l.Name == "cli.resumed");
            Assert.Equal(lane.PausedSince, lane.PausedUntil);
            return by;
        },
        ["worker drain"] = test => test.DrainAsync(),
        ["worker resume"] = test => test.DrainAsync(),
        ["apply"] = async test =>
        {
            using var folder = new TempFolder();
            var id = NewId();
            var file = Path.Combine(folder.Path, "s.yaml");
            await File.WriteAllTextAsync(file, $"- id: {id}\n  job: diag.echo\n  every: 1d\n");
            await test.RunAsync("apply", "-f", file);
            return (await test.ScheduleAsync(id)).PutBy;
        },
    };

    /// <summary>The others: they read, or they work without the API and leave no row of Fleet's that could say who did it.</summary>
    private static readonly string[] Others =
    [
        "dev", "db migrate", "db status", "db script", "help exit-codes", "broker apply", "dead get", "dead list",
        "dead group get", "dead group list", "dead export", "diff", "export",
        "run count", "run explain", "run get", "run list", "run logs", "run watch", "status", "top", "view get", "view list",
        "schedule list", "schedule explain", "schedule next", "lane list", "lane get", "lane demand", "worker list", "worker get",
        "job list", "job get", "job schema", "job example", "schedule get",
        "operation list", "operation get", "operation watch", "schedule simulate", "schedule diff", "schedule figures", "schedule history",
        "key get", "key list", "key generate", "session list", "whoami", "audit",
        "completion", "config list", "config get", "config set", "config use", "config delete", "config view",
        "doctor", "version", "calendar",
    ];

    public static TheoryData<string> Changing { get; } = new(Cases.Keys);

    [Theory]
    [MemberData(nameof(Changing))]
    public async Task Command_ThatChangesSomething_StoresTheUserOfTheMachine(string command) =>
        Assert.Equal(User, await Cases[command](this));

    [Fact]
    public void Commands_ThatChangeSomething_AreAllTestedHere() => Assert.Equal(
        Cases.Keys.Concat(Others).Order(StringComparer.Ordinal), FleetCommand.All().Order(StringComparer.Ordinal));

    private async Task<ApiKey> KeyAsync(string id)
    {
        await using var db = Storage();
        return await db.ApiKeys.SingleAsync(k => k.Id == id);
    }

    private async Task<(KeyText Text, string Session)> SignInAsync()
    {
        var (text, session) = await api.Fleet.Services.GetRequiredService<SignIn>().ExecuteAsync(
            new Principal("x", ActorKind.Person, Role.Viewer), agent: null, Somebody.Me, CancellationToken.None);
        return (text, session.Id);
    }

    private static string NewId() => $"command-{Interlocked.Increment(ref _schedules)}";

    private Core.Storage.FleetDbContext Storage() => api.Fleet.Storage.Read();

    private async Task<string> RunAsync(params string[] args)
    {
        var (exit, output, error) = await FleetProcess.RunAsync([.. args, "--server", $"{api.Http.BaseAddress}"]);
        Assert.Equal((0, ""), (exit, error));
        return output.Trim();
    }

    private Task<Answer> SendAsync(string method, string path, string body) => api.SendAsync(method, path, body);

    private async Task<string> WaitingAsync() => $"{await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h"}""")}";

    private async Task<string> DeadAsync()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.fail","args":{"retryable":false}}""");
        await api.Fleet.WaitAsync(id);
        return $"{id}";
    }

    private async Task<Replay> ReplayAsync(string id)
    {
        await using var db = Storage();
        Assert.True(RunId.TryParse(id, out var run), id);
        return await db.Replays.SingleAsync(r => r.RunId == run);
    }

    private async Task<string> PutAsync()
    {
        var id = NewId();
        Assert.Equal(201, (await api.SendAsync("PUT", $"/api/v1/schedules/{id}", """{"job":"diag.echo","every":"1d"}""")).Status);
        return id;
    }

    /// <summary>The run of a schedule that is due last; null while there is none.</summary>
    private async Task<Run?> PlannedAsync(string schedule)
    {
        await using var db = Storage();
        return await db.Runs.Where(r => r.ScheduleId == schedule).OrderByDescending(r => r.FireTime).FirstOrDefaultAsync();
    }

    private async Task<Actor?> ControlAsync(string verb)
    {
        var id = await PutAsync();
        if (verb is "resume" or "start")
            Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/schedules/{id}/pause")).Status);
        await RunAsync("schedule", verb, id);
        if (verb == "pause")
            Assert.Contains($"by {User}", await RunAsync("schedule", "list"), StringComparison.Ordinal);
        return (await ScheduleAsync(id)).StatusBy;
    }

    private async Task<Actor?> DrainAsync()
    {
        var id = await RunAsync("worker", "list", "-o", "name");
        await RunAsync("worker", "drain", id, "--wait");
        await using var db = Storage();
        var by = (await db.Workers.AsNoTracking().SingleAsync(w => w.DrainSince != null)).DrainBy;
        Assert.Contains($"by {User}", await RunAsync("worker", "get", id), StringComparison.Ordinal);
        Assert.Equal($"{id} resumed", await RunAsync("worker", "resume", id));
        Assert.Null((await db.Workers.AsNoTracking().FirstAsync()).DrainBy);
        return by;
    }

    private async Task<Run> ReadAsync(string id)
    {
        await using var db = Storage();
        Assert.True(RunId.TryParse(id, out var run), id);
        return await db.Runs.IgnoreQueryFilters().SingleAsync(r => r.Id == run);
    }

    private async Task<Schedule> ScheduleAsync(string id)
    {
        await using var db = Storage();
        return await db.Schedules.SingleAsync(s => s.Id == id);
    }
}
