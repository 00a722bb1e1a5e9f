using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Inbox;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Outbox;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Upgrade;

/// <summary>Fills a database through Fleet's own verbs: runs in every state, and rows in every table. A run has a tag by which tests find
/// it.</summary>
internal static class FillDatabase
{
    /// <summary>The consumer of the message in the inbox.</summary>
    public const string Consumer = "billing";

    /// <summary>The message in the inbox.</summary>
    public static readonly Guid Handled = new("0192f0c4-0000-7000-8000-000000000001");

    /// <summary>The request of the run <c>keyed</c>.</summary>
    public static readonly EnqueueOptions Keyed = new() { IdempotencyKey = "order-1", Tags = ["keyed"] };

    public static async Task ExecuteAsync(Verbs fleet)
    {
        await fleet.Get<FleetIdentity>().GetAsync(CancellationToken.None);
        await fleet.Get<PublishJobs>().ExecuteAsync(Somebody.Me, CancellationToken.None);
        var worker = await fleet.RegisterAsync();
        await FillRunsAsync(fleet, worker);
        await FillSchedulesAsync(fleet, worker);
        await fleet.Get<PutViews>().ExecuteAsync(
            new ViewRequest("dead", "state:failed", ["id", "job"], "-finishedAt", Shared: true), Somebody.Me, Expected.Nothing,
            CancellationToken.None);
        await FillAccessAsync(fleet);
        await FillOperationsAsync(fleet);
        await FillMessagesAsync(fleet);
        await FillFiguresAsync(fleet, worker);
        await fleet.Get<Heartbeat>().ExecuteAsync(
            worker, TimeSpan.FromMinutes(1), new Dictionary<string, long> { ["default"] = Verbs.Noon.ToUnixTimeMilliseconds() },
            withHeld: false, CancellationToken.None, """{"default":{"slots":4,"busy":1,"quiet":false}}""");
        await fleet.Get<PauseLanes>().PauseAsync("reports", until: null, "moving", Somebody.Me, null, CancellationToken.None);
        await fleet.Get<DrainWorkers>().DrainAsync(await fleet.RegisterAsync(), "moving", Somebody.Me, CancellationToken.None);
        // Whenever the rows are used, this worker is silent.
        await fleet.ExpireAsync(worker);
        await fleet.Get<RegisterWorkers>().DrainAsync(await fleet.RegisterAsync(), CancellationToken.None);
        // Wherever the rows are used, the workers are on another machine.
        await fleet.Storage.WriteAsync(
            session => session.Db.Workers.ExecuteUpdateAsync(
                set => set.SetProperty(w => w.ProcessSpace, "elsewhere").SetProperty(w => w.ProcessId, 1)
                    .SetProperty(w => w.ProcessStart, 1)),
            CancellationToken.None);
    }

    /// <summary>A key that is valid and one that was revoked, and with them entries of the audit; a person who is signed in.</summary>
    private static async Task FillAccessAsync(Verbs fleet)
    {
        var create = fleet.Get<CreateKeys>();
        await create.ExecuteAsync(new("billing", "operator", ["mail"]), Somebody.Me, dryRun: false, CancellationToken.None);
        var admin = await create.ExecuteAsync(new("ops", "admin"), Somebody.Me, dryRun: false, CancellationToken.None);
        await fleet.Get<SignIn>().ExecuteAsync(
            new Principal("ops", ActorKind.Person, Role.Admin) { KeyId = admin.Key.Id }, "a browser", Somebody.Me, CancellationToken.None);
        await fleet.Get<RevokeKeys>().ExecuteAsync(admin.Key.Id, "lost", Somebody.Me, CancellationToken.None);
        await fleet.Get<SignIn>().ExecuteAsync(
            new Principal("alex", ActorKind.Person, Role.Viewer) { Subject = "4f7a" }, "a browser", Somebody.Me, CancellationToken.None);
        await fleet.Storage.WriteAsync(
            session =>
            {
                session.Db.ProtectionKeys.Add(new ProtectionKey { Number = 1, Xml = "<key />", CreatedAt = fleet.Now });
                return session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
    }

    /// <summary>An operation that has ended: one under way would go on wherever the rows are used.</summary>
    private static Task<int> FillOperationsAsync(Verbs fleet) => fleet.Storage.WriteAsync(
        session =>
        {
            session.Db.Operations.Add(new Operation
            {
                Id = "0192f0c4-0000-7000-8000-000000000002",
                Kind = OperationKind.Replay,
                State = OperationState.Canceled,
                Query = "state:failed job:note",
                Lanes = """["mail"]""",
                AsOf = fleet.Now,
                Newest = new RunId(Handled),
                Cursor = new RunId(Handled),
                Matched = 3,
                Rate = 500,
                Done = 1,
                Reason = "it's fixed",
                CreatedAt = fleet.Now,
                CreatedBy = Somebody.Me,
                FinishedAt = fleet.Now,
                CanceledBy = Somebody.Me,
            });
            return session.Db.SaveChangesAsync();
        },
        CancellationToken.None);

    /// <summary>The options of a run with this tag.</summary>
    private static EnqueueOptions Tagged(string tag) => new() { Tags = [tag] };

    private static async Task FillRunsAsync(Verbs fleet, WorkerId worker)
    {
        await fleet.EnqueueAsync(Tagged("waiting"));
        await fleet.EnqueueAsync(Tagged("delayed") with { Delay = TimeSpan.FromHours(1), Lane = "reports", MaxAttempts = 2 });
        await fleet.EnqueueAsync(Keyed);
        await fleet.StartAsync(worker, Tagged("running"));
        await fleet.FailAsync(await fleet.StartAsync(worker, Tagged("retrying")), retryIn: TimeSpan.FromMinutes(1));
        await fleet.ReleaseAsync(
            await fleet.StartAsync(worker, Tagged("snoozed")), AttemptOutcome.Snoozed, TimeSpan.FromMinutes(5));

        var succeeded = await fleet.StartAsync(worker, Tagged("succeeded"));
        await fleet.Get<CompleteRuns>().ExecuteAsync(
            fleet.Completion(succeeded) with
            {
                Output = """{"text":"it's done"}""",
                FollowUps = [fleet.NewRun() with { ParentId = succeeded.Id, Tags = """["followUp"]""" }],
                Events = [Event(fleet, "order.paid", succeeded.Id)],
            },
            CancellationToken.None);
        await fleet.Storage.WriteAsync(
            async session =>
            {
                session.Db.RunLogs.Add(new RunLogLine
                {
                    RunId = succeeded.Id,
                    Attempt = 1,
                    At = fleet.Now,
                    Level = JobLogLevel.Information,
                    Message = "two\nlines",
                });
                return await session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        await fleet.Storage.WriteAsync(
            session =>
            {
                var table = session.Db.Model.FindEntityType(typeof(LedgerRow))!.GetSchemaQualifiedTableName();
                var insert = string.Join(' ', "INSERT INTO", table, "(run_id, key) VALUES ({0}, {1})");
                return session.Db.Database.ExecuteSqlRawAsync(insert, $"{succeeded.Id}", "a");
            },
            CancellationToken.None);

        var failed = await fleet.StartAsync(worker, Tagged("failed"));
        await fleet.FailAsync(failed);
        await MuteAsync(fleet, failed.Id);
        var replayed = await fleet.StartAsync(worker, Tagged("replayed"));
        await fleet.FailAsync(replayed);
        await fleet.ReplayAsync(replayed.Id);
        await fleet.CancelAsync(await fleet.EnqueueAsync(Tagged("canceled")));
        await fleet.CancelAsync((await fleet.StartAsync(worker, Tagged("stopping"))).Id);

        var dead = await fleet.RegisterAsync();
        await fleet.StartAsync(dead, Tagged("crashed"));
        await fleet.ExpireAsync(dead);
        await fleet.RescueAsync();
    }

    /// <summary>Somebody does not want to see the dead letters with the error of this run.</summary>
    private static Task<int> MuteAsync(Verbs fleet, RunId id) => fleet.Storage.WriteAsync(
        async session =>
        {
            var letter = await session.Db.DeadLetters.SingleAsync(l => l.RunId == id);
            session.Db.Mutes.Add(new Mute
            {
                Fingerprint = letter.Fingerprint,
                At = fleet.Now,
                By = Somebody.Me,
                Until = fleet.Now.AddDays(1),
                Versions = """["1.0.0"]""",
                Reason = "known",
            });
            return await session.Db.SaveChangesAsync();
        },
        CancellationToken.None);

    private static async Task FillSchedulesAsync(Verbs fleet, WorkerId worker)
    {
        await PutAsync(fleet, "every", new TriggerSpec { Every = "10s" }, s => s with
        {
            Overlap = OverlapPolicy.Skip,
            Labels = new Dictionary<string, string> { ["team"] = "billing" },
            MisfireDeadline = "1h",
            MaxOccurrences = 1000,
        });
        var daily = new TriggerSpec { Cron = "0 6 * * *", Zone = "Europe/Berlin", Exclude = ["2026-12-24..2027-01-02"] };
        await PutAsync(fleet, "daily", daily);
        await PutAsync(fleet, "jittered", new TriggerSpec { Cron = "*/5 * * * *", Jitter = "30s" });
        await PutAsync(fleet, "once", new TriggerSpec { At = Verbs.Noon.AddHours(2) });
        await PutAsync(fleet, "paused", new TriggerSpec { Every = "10s" });
        await PutAsync(fleet, "stopped", new TriggerSpec { Every = "10s" });
        // A later edit: the definition that it replaced is kept.
        await PutAsync(fleet, "stopped", new TriggerSpec { Every = "20s" });
        await fleet.Get<PlanOccurrences>().ExecuteAsync(await fleet.LeadAsync(), TimeSpan.FromSeconds(30), CancellationToken.None);
        await fleet.Get<ControlSchedules>().PauseAsync("paused", until: null, new(Somebody.Me, "holiday"), CancellationToken.None);
        await fleet.Get<ControlSchedules>().StopAsync("stopped", new(Somebody.Me), CancellationToken.None);

        fleet.Time.Advance(TimeSpan.FromSeconds(10));
        var first = (await fleet.ListAsync(db => db.Runs.Where(r => r.ScheduleId == "every").OrderBy(r => r.FireTime)))[0];
        await fleet.CompleteAsync(await fleet.ClaimAsync(worker, first.Id));
    }

    private static Task<PutResult> PutAsync(
        Verbs fleet, string id, TriggerSpec trigger, Func<ScheduleRequest, ScheduleRequest>? with = null)
    {
        var request = new ScheduleRequest { Id = id, Job = "note", Trigger = trigger };
        return fleet.Get<PutSchedules>().ExecuteAsync(with?.Invoke(request) ?? request, "api", Somebody.Me, CancellationToken.None);
    }

    private static async Task FillMessagesAsync(Verbs fleet)
    {
        await fleet.Storage.WriteAsync(
            session => fleet.Get<AcceptMessages>().ExecuteAsync(session, Consumer, [Handled], CancellationToken.None),
            CancellationToken.None);
        await fleet.Storage.WriteAsync(
            async session =>
            {
                await fleet.Storage.Messages.AddAsync(session, [Event(fleet, "order.refused", run: null)], CancellationToken.None);
                return true;
            },
            CancellationToken.None);
        // The broker takes neither: both stay, one with its error.
        fleet.Transport.BeforeEvent = e =>
            throw (e.Name == "order.refused" ? new InvalidOperationException("refused") : new IOException("no broker"));
        fleet.Transport.Outage = e => e is IOException;
        await Assert.ThrowsAsync<IOException>(() => fleet.Get<DispatchOutbox>().ExecuteAsync(CancellationToken.None));
    }

    private static Task<int> FillFiguresAsync(Verbs fleet, WorkerId worker) => fleet.Storage.WriteAsync(
        session =>
        {
            session.Db.Rollups.Add(new Rollup
            {
                At = Verbs.Noon,
                Step = RollupStep.Written,
                Job = "note",
                Lane = "default",
                Outcome = RollupOutcome.Succeeded,
                Count = 1,
                Waited = 1000,
                Worked = 2000,
                Waits = [1, 17, 1],
                Durations = [1, 25, 1],
            });
            session.Db.WorkerSamples.Add(new WorkerSample
            {
                WorkerId = worker,
                Lane = "default",
                At = Verbs.Noon,
                Length = 10_000_000,
                Busy = 2000,
                Slots = 80_000_000,
                Succeeded = 1,
            });
            session.Db.Misfires.Add(new Misfire
            {
                ScheduleId = "every",
                First = Verbs.Noon.AddMinutes(-2),
                Last = Verbs.Noon.AddMinutes(-1),
                Count = 7,
                At = Verbs.Noon,
            });
            return session.Db.SaveChangesAsync();
        },
        CancellationToken.None);

    private static OutboxMessage Event(Verbs fleet, string name, RunId? run) => new()
    {
        MessageId = Guid.CreateVersion7(fleet.Now),
        Name = name,
        Body = """{"id":1}""",
        RunId = run,
        CreatedAt = fleet.Now,
        NextTryAt = fleet.Now,
    };
}
