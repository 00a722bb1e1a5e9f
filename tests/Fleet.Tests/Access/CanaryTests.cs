using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli;
using Fleet.Core.Access;
using Fleet.Tests.Cli;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Access;

/// <summary>Secrets that are put in everywhere come out nowhere; a text that is none comes out where it should, so that the search can find
/// something.</summary>
public sealed class CanaryTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private const string Plain = "canary-plain-5ab1";
    private const string Secret = "canary-args-93fe";
    private const string Header = "canary-header-77c2";
    private const string Password = "canary-password-e01d";

    /// <summary>The commands that read, with what they need.</summary>
    private static readonly string[] Commands =
    [
        "status", "top --count 1 -o tsv", "doctor", "version", "run list", "run count --by-state", "run get ID", "run explain ID",
        "run logs ID", "run watch ID", "dead list", "dead get ID", "job list", "job get test.vault", "job schema test.vault",
        "job example test.vault",
        "schedule list", "schedule get nightly-report", "schedule next nightly-report", "schedule figures nightly-report",
        "schedule history nightly-report", "schedule simulate", "calendar", "lane list", "lane get default", "lane demand default",
        "worker list", "export", "view list", "key list", "session list", "whoami", "audit", "config view",
    ];

    [Fact]
    public async Task Embedded_EveryRouteCommandLineLogTraceMetricAndTable_HasNoSecret()
    {
        var found = new Found();
        using var activities = found.ListenToActivities();
        using var meters = found.ListenToMeters();
        var log = new LogRecorder { Least = LogLevel.Trace };
        await using var fleet = await EmbeddedFleet.StartAsync(
            services =>
            {
                log.AddTo(services);
                services.AddFleetJobs(jobs => jobs.Add<VaultJob>());
            },
            [new("Fleet:Api:Access", "on"), new("Logging:LogLevel:Default", "Trace"), new("Logging:LogLevel:Microsoft", "Trace")]);
        var key = await fleet.Services.GetRequiredService<CreateKeys>().ExecuteAsync(
            new KeyRequest("canary", "admin", null, null), Somebody.Me, dryRun: false, CancellationToken.None);
        var keySecret = key.Text.Text[13..];
        string[] secrets = [Secret, Header, keySecret];
        fleet.Http.DefaultRequestHeaders.Add("Authorization", "Bearer " + key.Text.Text);
        fleet.Http.DefaultRequestHeaders.Add("X-Canary", Header);

        var failed = await EnqueueAsync(fleet, "fail");
        await EnqueueAsync(fleet, "ok");
        await SendAsync(
            fleet, "PUT", "api/v1/schedules/nightly-report",
            $$$"""{"job":"test.vault","args":{"word":"ok","password":"{{{Secret}}}","note":"{{{Plain}}}"},"every":"1d"}""");
        await SendAsync(fleet, "POST", "api/v1/schedules/nightly-report/trigger", null);
        // What is wrong is not quoted either.
        await SendAsync(
            fleet, "POST", "api/v1/runs", $$$"""{"job":"test.vault","args":{"word":["{{{Plain}}}"],"password":["{{{Secret}}}"]}}""", found);
        await fleet.WaitAsync(failed);
        await Waiting.UntilAsync(async () => (await TextOfAsync(fleet, $"api/v1/runs/{failed}/log")).Length > 0);

        foreach (var route in Route.All(fleet).Where(r => r.Method == "GET" && r.Contract.Name != "streamEvents"))
        {
            var path = route.Path.Replace("01938f3c-0000-7000-8000-000000000000", $"{failed}", StringComparison.Ordinal).TrimStart('/');
            found.Add("GET " + route.Path, await TextOfAsync(fleet, path));
        }

        found.Add("health", await TextOfAsync(fleet, "health") + await TextOfAsync(fleet, "health/ready"));
        found.Add("document", await TextOfAsync(fleet, "api/v1/openapi.json"));
        await ReadCommandsAsync(fleet, key.Text.Text, failed, found);
        found.Add("log", string.Join('\n', log.Lines));
        found.Add("tables", await ReadTablesAsync(fleet));

        foreach (var secret in secrets)
            Assert.Equal([], found.Where(secret));
        var plain = found.Where(Plain);
        foreach (var place in new[]
        {
            "GET /api/v1/runs/{id}", "GET /api/v1/runs/{id}/args", "GET /api/v1/runs/{id}/error", "GET /api/v1/runs/{id}/log",
            "GET /api/v1/dead-letters/{id}", "GET /api/v1/schedules", "run get ID", "dead get ID", "run logs ID",
            "schedule get nightly-report", "export", "log", "tables", "POST api/v1/runs",
        })
        {
            Assert.Contains(place.Replace("{id}", "01938f3c-0000-7000-8000-000000000000", StringComparison.Ordinal), plain);
        }

        Assert.NotEmpty(found.Where("fleet.run_id"));
        // The rows of the runs have it: what is looked for is there.
        await using var db = fleet.Storage.Read();
        Assert.Equal(2 + 1, await db.Runs.CountAsync(r => r.Args.Contains(Secret)));
    }

    /// <summary>The scheduler has not the job's type; passwords stand in the settings of both.</summary>
    [Fact]
    public async Task Services_EveryGetAndTheirLogs_HaveNoSecret()
    {
        var host = await rabbit.CreateHostAsync();
        await rabbit.SendAsync(HttpMethod.Put, "api/users/canary", new { password = Password, tags = "administrator" });
        await rabbit.SendAsync(HttpMethod.Put, $"api/permissions/{host.Name}/canary", new { configure = ".*", write = ".*", read = ".*" });
        using var jobs = new TempFolder();
        JobPack.DropInto(jobs);
        var settings = FleetProcess.ServiceSettings(
            await postgres.CreateDatabaseAsync() + $";Password={Password}",
            host.Uri.Replace("guest:guest", $"canary:{Password}", StringComparison.Ordinal));
        settings["Fleet__Worker__JobsPath"] = jobs.Path;
        settings["Logging__LogLevel__Default"] = settings["Logging__LogLevel__Microsoft"] = "Trace";
        var found = new Found();
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);

        await Until.TrueAsync(
            async () => (await TextOfAsync(scheduler.Http, "api/v1/jobs")).Contains("pack.vault", StringComparison.Ordinal));
        var id = await scheduler.EnqueueAsync("pack.vault", new { password = Secret, note = Plain });
        await scheduler.WaitAsync(id, "failed");
        var document = JsonNode.Parse(await scheduler.Http.GetStringAsync(new Uri("api/v1/openapi.json", UriKind.Relative)))!;
        foreach (var (path, item) in document["paths"]!.AsObject().Where(p => p.Value!["get"] is not null && !p.Key.Contains("events")))
        {
            var real = path.Replace("{id}", $"{id}", StringComparison.Ordinal).Replace("{name}", "pack.vault", StringComparison.Ordinal);
            found.Add("GET " + path, await TextOfAsync(scheduler.Http, real.TrimStart('/')));
        }

        VirtualHost.Message? dead = null;
        await Until.TrueAsync(async () => (dead = await host.TryTakeAsync("fleet.default.dead")) is not null);
        found.Add("dead copy", System.Text.Encoding.UTF8.GetString(dead!.Body) + dead.Properties);
        found.Add("health", await TextOfAsync(worker.Http, "health") + await TextOfAsync(scheduler.Http, "health"));
        await worker.TerminateAsync();
        await scheduler.TerminateAsync();
        found.Add("log of the worker", worker.Output);
        found.Add("log of the scheduler", scheduler.Output);

        Assert.Equal([], found.Where(Secret));
        Assert.Equal([], found.Where(Password));
        var plain = found.Where(Plain);
        Assert.Contains("log of the worker", plain);
        Assert.Contains("dead copy", plain);
        Assert.Contains("GET /api/v1/runs/{id}/args", plain);
    }

    private static async Task<RunId> EnqueueAsync(EmbeddedFleet fleet, string word)
    {
        var text = await SendAsync(
            fleet, "POST", "api/v1/runs",
            $$$"""
            {"job":"test.vault","args":{"word":"{{{word}}}","password":"{{{Secret}}}","accounts":[{"user":"u","key":"{{{Secret}}}"}],
             "note":"{{{Plain}}}"}}
            """);
        return new RunId(JsonElement.Parse(text).GetProperty("id").GetGuid());
    }

    private static async Task<string> SendAsync(EmbeddedFleet fleet, string method, string path, string? body, Found? found = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await fleet.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode || found is not null, text);
        found?.Add($"{method} {path}", text);
        return text;
    }

    private static Task<string> TextOfAsync(EmbeddedFleet fleet, string path) => TextOfAsync(fleet.Http, path);

    private static async Task<string> TextOfAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        return $"{response.Headers}{await response.Content.ReadAsStringAsync()}";
    }

    private static async Task ReadCommandsAsync(EmbeddedFleet fleet, string key, RunId run, Found found)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["FLEET_SERVER"] = $"{fleet.Http.BaseAddress}",
            ["FLEET_API_KEY"] = key,
        };
        foreach (var command in Commands)
        {
            foreach (var format in command.Contains("-o ", StringComparison.Ordinal) ? [""] : new[] { "", " -o json", " -o wide" })
            {
                var cli = new CommandContext(TimeProvider.System) { Environment = environment.GetValueOrDefault };
                var line = command.Replace("ID", $"{run}", StringComparison.Ordinal) + format;
                var (_, output, error) = await FleetCommand.RunAsync(cli, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                found.Add(command, output + error);
            }
        }
    }

    /// <summary>Every table but the args of runs and schedules.</summary>
    private static async Task<string> ReadTablesAsync(EmbeddedFleet fleet)
    {
        await using var db = fleet.Storage.Read();
        var runs = await db.Runs.AsNoTracking().ToListAsync();
        object[] tables =
        [
            runs.Select(r => new { r.Error, r.ErrorType, r.Output, r.ProgressMessage, r.Tags, r.TraceParent }),
            await db.Attempts.ToListAsync(), await db.RunLogs.ToListAsync(),
            await db.Audit.Select(a => a.Before + a.After + a.Reason + a.Target).ToListAsync(),
            await db.ApiKeys.Select(k => k.Id + k.Name).ToListAsync(), await db.Outbox.ToListAsync(), await db.Jobs.ToListAsync(),
            await db.Workers.Select(w => w.Name).ToListAsync(), await db.Views.ToListAsync(),
        ];
        return string.Join('\n', tables.Select(table => JsonSerializer.Serialize(table)));
    }

    /// <summary>Texts and where they came out.</summary>
    private sealed class Found
    {
        private readonly ConcurrentQueue<(string Place, string Text)> _texts = new();

        public void Add(string place, string text) => _texts.Enqueue((place, text));

        public IReadOnlyList<string> Where(string canary) =>
            [.. _texts.Where(t => t.Text.Contains(canary, StringComparison.Ordinal)).Select(t => t.Place).Distinct(StringComparer.Ordinal)];

        public ActivityListener ListenToActivities()
        {
            var listener = new ActivityListener
            {
                ShouldListenTo = _ => true,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity => Add(
                    "trace",
                    $"{activity.DisplayName} {activity.StatusDescription} {activity.TraceStateString} "
                    + string.Join(
                        ' ', activity.TagObjects.Concat(activity.Events.SelectMany(e => e.Tags)).Select(t => $"{t.Key}={t.Value}"))
                    + string.Join(' ', activity.Baggage)),
            };
            ActivitySource.AddActivityListener(listener);
            return listener;
        }

        public MeterListener ListenToMeters()
        {
            var listener = new MeterListener { InstrumentPublished = (instrument, all) => all.EnableMeasurementEvents(instrument) };
            listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Add("metric", Text(instrument, tags)));
            listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add("metric", Text(instrument, tags)));
            listener.Start();
            return listener;

            static string Text(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
                $"{instrument.Name} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}";
        }
    }
}
