using System.Reflection;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.DeadLetters;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Operations;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;

namespace Fleet.Tests.Actors;

/// <summary>Every verb of Core that somebody can ask for takes an actor, and what it stores is the actor that it was given.</summary>
public abstract class VerbActorsTests(TestDatabase database) : ScheduleVerbs(database)
{
    private static readonly Actor Alex = Actor.Create(ActorKind.Person, "Alex B", "10.0.0.7");

    /// <summary>Each verb that takes an actor: does it, and returns the actors that were stored.</summary>
    private static readonly Dictionary<string, Func<VerbActorsTests, Task<IEnumerable<Actor?>>>> Cases = new(StringComparer.Ordinal)
    {
        ["CancelRuns.ExecuteAsync"] = test => test.CancelAsync(),
        ["ReplayRuns.ExecuteAsync"] = test => test.ReplayAsync(),
        ["CreateOperations.ExecuteAsync"] = async test => [(await test.OperationAsync()).CreatedBy],
        ["CancelOperations.ExecuteAsync"] = async test =>
        {
            var operation = await test.OperationAsync();
            await test.Fleet.Get<CancelOperations>().ExecuteAsync(operation.Id, null, Alex, default);
            return [(await test.Fleet.Get<GetOperations>().FindAsync(operation.Id, default))!.CanceledBy];
        },
        ["DeleteRuns.ExecuteAsync"] = async test =>
        {
            var id = await test.Fleet.EnqueueAsync();
            await test.Fleet.CancelAsync(id);
            await test.Fleet.Get<DeleteRuns>().ExecuteAsync([id], Alex, default);
            return [(await test.Fleet.ReadAsync(id)).DeletedBy];
        },
        ["DiscardRuns.ExecuteAsync"] = async test =>
        {
            var id = await test.DeadAsync();
            await test.Fleet.Get<DiscardRuns>().ExecuteAsync(id, "why", Alex, isDryRun: false, default);
            return [(await test.Fleet.ReadAsync(id)).DiscardedBy, await test.AuditedByAsync("dead.discard")];
        },
        ["MuteGroups.MuteAsync"] = async test =>
        {
            var print = (await test.Fleet.ReadAsync(await test.DeadAsync())).Fingerprint!;
            await test.Fleet.Get<MuteGroups>().MuteAsync(print, new(null, true, null), Alex, isDryRun: false, default);
            return [Assert.Single(await test.Fleet.ListAsync(db => db.Mutes)).By];
        },
        ["MuteGroups.UnmuteAsync"] = async test =>
        {
            var print = (await test.Fleet.ReadAsync(await test.DeadAsync())).Fingerprint!;
            await test.Fleet.Get<MuteGroups>().MuteAsync(print, new(null, true, null), Somebody.Me, isDryRun: false, default);
            Assert.True(await test.Fleet.Get<MuteGroups>().UnmuteAsync(print, Alex, isDryRun: false, default));
            return [await test.AuditedByAsync("dead.unmute")];
        },
        ["ReplayEdited.ExecuteAsync"] = async test =>
        {
            await test.Fleet.Get<ReplayEdited>().ExecuteAsync(await test.DeadAsync(), default, Alex, isDryRun: false, default);
            return [Assert.Single(await test.Fleet.ListAsync(db => db.Replays)).By];
        },
        ["EnqueueRuns.ExecuteAsync"] = test => test.EnqueueAsync(),
        ["EnqueueRuns.ExecuteManyAsync"] = test => test.EnqueueManyAsync(),
        ["EnqueueRuns.AcceptAsync"] = async test => [(await test.Fleet.Get<EnqueueRuns>().AcceptAsync(Request(), default)).EnqueuedBy],
        ["PutSchedules.ExecuteAsync"] = test => test.EditAsync(
            edited => test.Fleet.Get<PutSchedules>().ExecuteAsync(edited, "api", Alex, default)),
        ["PutSchedules.ExecuteAllAsync"] = test => test.EditAsync(
            edited => test.Fleet.Get<PutSchedules>().ExecuteAllAsync([new(edited, "code")], Alex, default)),
        ["PutSchedules.TryAsync"] = async test =>
            [(await test.Fleet.Get<PutSchedules>().TryAsync(Edited(), "api", Alex, default)).Row.PutBy],
        ["ControlSchedules.PauseAsync"] = test => test.HaltAsync(control => control.PauseAsync("s", null, new(Alex), default)),
        ["ControlSchedules.StopAsync"] = test => test.HaltAsync(control => control.StopAsync("s", new(Alex), default)),
        ["ControlSchedules.StartAsync"] = async test =>
        {
            await test.HaltAsync(control => control.StopAsync("s", new(Somebody.Me), default));
            await test.Fleet.Get<ControlSchedules>().StartAsync("s", new(Alex), default);
            return [(await test.ScheduleAsync()).StatusBy];
        },
        ["PauseLanes.PauseAsync"] = async test =>
        {
            await test.Fleet.Get<PauseLanes>().PauseAsync("mail", until: null, "why", Alex, expected: null, default);
            await using var db = test.Fleet.Storage.Read();
            return [(await db.Lanes.FindAsync("mail"))!.PausedBy];
        },
        ["PauseLanes.ResumeAsync"] = async test =>
        {
            await test.Fleet.Get<PauseLanes>().PauseAsync("mail", until: null, "why", Somebody.Me, expected: null, default);
            Assert.True(await test.Fleet.Get<PauseLanes>().ResumeAsync("mail", Alex, expected: null, default));
            Assert.Contains(test.Fleet.Log.Lines, line => line.Contains($"Lane mail was resumed by {Alex}.", StringComparison.Ordinal));
            await using var db = test.Fleet.Storage.Read();
            var lane = (await db.Lanes.FindAsync("mail"))!;
            Assert.Equal(lane.PausedSince, lane.PausedUntil);
            return [Alex];
        },
        ["DrainWorkers.DrainAsync"] = async test =>
        {
            var worker = await test.Fleet.RegisterAsync();
            Assert.True(await test.Fleet.Get<DrainWorkers>().DrainAsync(worker, "why", Alex, default));
            await using var db = test.Fleet.Storage.Read();
            return [(await db.Workers.FindAsync(worker))!.DrainBy];
        },
        ["DrainWorkers.ResumeAsync"] = async test =>
        {
            var worker = await test.Fleet.RegisterAsync();
            await test.Fleet.Get<DrainWorkers>().DrainAsync(worker, "why", Somebody.Me, default);
            Assert.True(await test.Fleet.Get<DrainWorkers>().ResumeAsync(worker, Alex, default));
            Assert.Contains(
                test.Fleet.Log.Lines, line => line.Contains($"by {Alex} to take runs again.", StringComparison.Ordinal));
            await using var db = test.Fleet.Storage.Read();
            Assert.Null((await db.Workers.FindAsync(worker))!.DrainBy);
            return [Alex];
        },
        ["DeleteSchedules.ExecuteAsync"] = async test =>
        {
            await test.PlannedAsync();
            await test.Fleet.Get<DeleteSchedules>().ExecuteAsync("s", Alex, default);
            Assert.Contains(
                test.Fleet.Log.Lines, line => line.Contains($"Schedule s was deleted by {Alex}.", StringComparison.Ordinal));
            return await test.CanceledByAsync();
        },
        ["TriggerSchedules.ExecuteAsync"] = async test =>
        {
            await test.PutAsync("1h");
            var run = await test.Fleet.Get<TriggerSchedules>().ExecuteAsync("s", Alex, default);
            return [(await test.Fleet.ReadAsync(run!.Value)).EnqueuedBy];
        },
        ["BackfillSchedules.ExecuteAsync"] = async test =>
        {
            await test.PutAsync("1h");
            var range = new BackfillRequest { From = Verbs.Noon.AddHours(-4), Until = Verbs.Noon.AddHours(-1) };
            await test.Fleet.Get<BackfillSchedules>().ExecuteAsync("s", range, Alex, dryRun: false, default);
            return (await test.OccurrencesAsync()).Select(r => r.EnqueuedBy);
        },
        ["PutViews.ExecuteAsync"] = test => test.PutViewAsync(Alex),
        ["DeleteViews.ExecuteAsync"] = async test =>
        {
            var stored = await test.PutViewAsync(Alex);
            await test.Fleet.Get<DeleteViews>().ExecuteAsync("v", Alex, Expected.AnyVersion, default);
            Assert.Empty(await test.Fleet.ListAsync(db => db.Views));
            Assert.Contains(test.Fleet.Log.Lines, line => line.Contains($"View v was deleted by {Alex}.", StringComparison.Ordinal));
            return stored;
        },
        ["RevokeOccurrences.ExecuteAsync"] = async test =>
        {
            await test.PlannedAsync();
            await test.Fleet.Storage.WriteAsync(
                session => RevokeOccurrences.ExecuteAsync(
                    test.Fleet.Storage, session, "s", test.Fleet.Now, "of a test", Alex, default),
                default);
            return await test.CanceledByAsync();
        },
        ["ScheduleChanges.AnnounceAsync"] = async test =>
        {
            await test.Fleet.Get<ScheduleChanges>().AnnounceAsync(Alex, default);
            return test.Fleet.Transport.Controls.Select(c => Actor.FromRow(c.By!));
        },
        ["CreateKeys.ExecuteAsync"] = async test =>
            [(await test.CreateKeyAsync(Alex)).CreatedBy, await test.AuditedByAsync("key.create")],
        ["CreateKeys.ImportAsync"] = async test =>
            [(await test.Fleet.Get<CreateKeys>().ImportAsync(new("x", "viewer"), KeyText.New(), Alex, default))!.CreatedBy],
        ["RevokeKeys.ExecuteAsync"] = async test =>
        {
            var key = await test.CreateKeyAsync(Somebody.Me);
            var revoked = await test.Fleet.Get<RevokeKeys>().ExecuteAsync(key.Id, "lost", Alex, default);
            return [revoked!.RevokedBy, await test.AuditedByAsync("key.revoke")];
        },
        ["RevokeKeys.RotateAsync"] = async test =>
        {
            var key = await test.CreateKeyAsync(Somebody.Me);
            var created = await test.Fleet.Get<RevokeKeys>().RotateAsync(key.Id, null, null, Alex, dryRun: false, default);
            return [created!.Key.CreatedBy, await test.AuditedByAsync("key.rotate")];
        },
        ["SignIn.ExecuteAsync"] = async test =>
        {
            await test.Fleet.Get<SignIn>().ExecuteAsync(new("x", ActorKind.Person, Role.Viewer), null, Alex, default);
            return [await test.AuditedByAsync("session.create")];
        },
        ["SignIn.EndAsync"] = async test =>
        {
            var (_, session) = await test.Fleet.Get<SignIn>().ExecuteAsync(
                new("x", ActorKind.Person, Role.Viewer), null, Somebody.Me, default);
            Assert.True(await test.Fleet.Get<SignIn>().EndAsync(session.Id, Alex, default));
            return [await test.AuditedByAsync("session.end")];
        },
        ["PublishJobs.ExecuteAsync"] = async test =>
        {
            await test.Fleet.Get<PublishJobs>().ExecuteAsync(Alex, default);
            await test.Fleet.Get<PublishJobs>().ExecuteAsync(Somebody.Me, default);
            return (await test.Fleet.ListAsync(db => db.Jobs)).Select(j => j.PublishedBy);
        },
    };

    /// <summary>Folders whose code acts only for a verb that has its actor, or carries messages.</summary>
    private static readonly string[] Below =
    [
        "Actors", "Effects", "Gates", "Inbox", "Lanes", "Leadership", "Loops", "Outbox", "Rules", "Storage", "Telemetry", "Text", "Workers",
    ];

    /// <summary>Who acts under one of these needs no other name: the leader by its term, a worker by its claim.</summary>
    private static readonly Type[] Fences =
        [typeof(Term), typeof(WorkerId), typeof(RunLease), typeof(ClaimedRun), typeof(Completion), typeof(AttemptEnd), typeof(Failure),
            typeof(AttemptOutcome), typeof(JobContext)];

    private static readonly string[] Reads =
    [
        "Get", "Find", "Count", "List", "Read", "Search", "Explain", "Describe", "Check", "Wait", "Is", "Fits", "Simulate", "Dispose",
        "Call", "Invoke", "Follow",
    ];

    /// <summary>The rest, each with its reason.</summary>
    private static readonly Dictionary<string, string> WithoutActor = new(StringComparer.Ordinal)
    {
        ["FleetClient.EnqueueAsync"] = "the process is the actor",
        ["FleetClient.EnqueueManyAsync"] = "the process is the actor",
        ["FleetClient.CancelAsync"] = "the process is the actor",
        ["FleetClient.DeleteAsync"] = "the process is the actor",
        ["ScheduleClient.PutAsync"] = "the process is the actor",
        ["ScheduleClient.PauseAsync"] = "the process is the actor",
        ["ScheduleClient.ResumeAsync"] = "the process is the actor",
        ["ScheduleClient.TriggerAsync"] = "the process is the actor",
        ["ScheduleClient.DeleteAsync"] = "the process is the actor",
        ["SubmitRuns.ExecuteAsync"] = "the broker does not tell who published the message",
        ["ProtectionKeys.AddAsync"] = "nobody asks for a key: the first sign-in makes one",
        ["Reconcile.ExecuteAsync"] = "sends nudges again and changes no row that somebody set",
        ["MuteGroups.EndMutesAsync"] = "ends what somebody has let end by itself",
        ["NudgeWaiting.ExecuteAsync"] = "sends nudges again and changes no row",
        ["WakeUnserved.ExecuteAsync"] = "a worker tells that it can execute runs that waited for it",
        ["LockSchedule.ExecuteAsync"] = "locks a row for a verb",
        ["StartRefusal.InWordsAsync"] = "does a part of a program's start",
    };

    public static TheoryData<string> AskedFor { get; } = new(
        AllVerbs().Where(v => TakesActor(v.Method) && !IsRead(v.Method)).Select(v => v.Name).Distinct());

    [Theory]
    [MemberData(nameof(AskedFor))]
    public async Task Verb_GivenAnActor_StoresThatActor(string verb)
    {
        Assert.True(Cases.TryGetValue(verb, out var act), $"{verb} takes an actor: say here where it stores it.");

        var stored = (await act(this)).ToList();

        Assert.NotEmpty(stored);
        Assert.All(stored, actor => Assert.Equal(Alex, actor));
    }

    [Fact]
    public void EveryVerb_ThatSomebodyCanAskFor_TakesAnActor()
    {
        var without = AllVerbs().Where(v => !TakesActor(v.Method) && !IsFenced(v.Method) && !IsRead(v.Method))
            .Select(v => v.Name).ToHashSet();

        Assert.Empty(without.Except(WithoutActor.Keys));
        Assert.Empty(WithoutActor.Keys.Except(without));
    }

    [Fact]
    public async Task Enqueue_ByAProgram_StoresNoActor()
    {
        var id = await Fleet.EnqueueAsync();
        var keyed = await Fleet.EnqueueAsync(new EnqueueOptions { IdempotencyKey = "k" });
        await PutAsync("10s");
        await PlanAsync();

        Assert.Null((await Fleet.ReadAsync(id)).EnqueuedBy);
        Assert.Null((await Fleet.ReadAsync(keyed)).EnqueuedBy);
        Assert.All(await OccurrencesAsync(), r => Assert.Null(r.EnqueuedBy));
    }

    /// <summary>Rows with and without an actor share a statement.</summary>
    [Fact]
    public async Task Insert_MixedActors_StoresEachWithItsRow()
    {
        Actor?[] actors = [Alex, null, Somebody.Me, null];
        NewRun[] simple = [.. actors.Select(a => Fleet.NewRun() with { Staged = true, MayExist = false, EnqueuedBy = a })];
        NewRun[] others = [.. actors.Select(a => Fleet.NewRun() with { MayExist = false, EnqueuedBy = a })];
        NewRun[] keyed = [.. actors.Select((a, i) => Fleet.NewRun(key: $"{i}") with { EnqueuedBy = a })];
        NewRun[] runs = [.. simple, .. others, .. keyed];

        foreach (var set in new[] { simple, others, [.. keyed] })
            await Fleet.InsertAsync(set);

        foreach (var run in runs)
            Assert.Equal(run.EnqueuedBy, (await Fleet.ReadAsync(run.Id)).EnqueuedBy);
        // A repetition changes nothing.
        await Fleet.InsertAsync([.. keyed.Select(r => r with { Id = RunId.New(Fleet.Now), EnqueuedBy = Somebody.You })]);
        Assert.Equal(actors, (await Fleet.ListAsync(db => db.Runs.Where(r => r.IdempotencyKey != null).OrderBy(r => r.IdempotencyKey)))
            .Select(r => r.EnqueuedBy));
    }

    [Fact]
    public async Task FleetItself_StopsAndStarts_SaysWhichRuleDidIt()
    {
        await PutAsync(new TriggerSpec { At = Fleet.Now.AddSeconds(10) });
        await PlanAsync();
        Assert.Equal((ScheduleStatus.Stopped, ScheduleTriggers.LastFireTime), await StatusAsync());

        await Fleet.Get<PutSchedules>().ExecuteAsync(Edited(), "api", Alex, default);
        Assert.Equal((ScheduleStatus.Running, Alex), await StatusAsync());

        async Task<(ScheduleStatus, Actor?)> StatusAsync() => ((await ScheduleAsync()).Status, (await ScheduleAsync()).StatusBy);
    }

    private static RunRequest Request() => Verbs.Request() with { By = Alex };

    private static ScheduleRequest Edited() => new() { Id = "s", Job = "note", Trigger = new TriggerSpec { Every = "20s" } };

    private async Task<IEnumerable<Actor?>> PutViewAsync(Actor by)
    {
        var request = new ViewRequest("v", "state:failed", null, null, Shared: false);
        await Fleet.Get<PutViews>().ExecuteAsync(request, by, Expected.Nothing, default);
        var view = Assert.Single(await Fleet.ListAsync(db => db.Views));
        return [view.Owner, view.ChangedBy];
    }

    private async Task<IEnumerable<Actor?>> CancelAsync()
    {
        var (pending, running) = (await Fleet.EnqueueAsync(), await Fleet.StartAsync(await Fleet.RegisterAsync()));
        foreach (var id in new[] { pending, running.Id })
            await Fleet.Get<CancelRuns>().ExecuteAsync(id, null, Alex, default);
        var told = Actor.FromRow(Assert.Single(Fleet.Transport.Controls).By!);
        return [(await Fleet.ReadAsync(pending)).CanceledBy, (await Fleet.ReadAsync(running.Id)).CanceledBy, told];
    }

    private async Task<Operation> OperationAsync()
    {
        var preview = await Fleet.Get<PreviewOperations>().FindAsync(OperationKind.Cancel, "job:note", Alex, default);
        return (await Fleet.Get<CreateOperations>().ExecuteAsync(new(preview.Kind, preview.Query, preview.Token), Alex, default)).Operation;
    }

    private async Task<IEnumerable<Actor?>> ReplayAsync()
    {
        var id = await Fleet.EnqueueAsync();
        await Fleet.CancelAsync(id);
        await Fleet.Get<ReplayRuns>().ExecuteAsync(id, Alex, default);
        Assert.Null((await Fleet.ReadAsync(id)).CanceledBy);
        var replay = Assert.Single(await Fleet.ListAsync(db => db.Replays));
        Assert.Equal(Somebody.Me, replay.FromCanceledBy);
        return [replay.By];
    }

    private async Task<RunId> DeadAsync()
    {
        var run = await Fleet.StartAsync(await Fleet.RegisterAsync());
        await Fleet.FailAsync(run);
        return run.Id;
    }

    private async Task<IEnumerable<Actor?>> EnqueueAsync()
    {
        var id = (await Fleet.Get<EnqueueRuns>().ExecuteAsync(Request(), default)).Id;
        return [(await Fleet.ReadAsync(id)).EnqueuedBy];
    }

    private async Task<IEnumerable<Actor?>> EnqueueManyAsync()
    {
        var keyed = Request() with { Options = new EnqueueOptions { IdempotencyKey = "k" } };
        var delayed = Request() with { Options = new EnqueueOptions { Delay = TimeSpan.FromHours(1) } };
        await Fleet.Get<EnqueueRuns>().ExecuteManyAsync([Request(), keyed, delayed], default);
        return (await Fleet.ListAsync(db => db.Runs)).Select(r => r.EnqueuedBy);
    }

    private async Task<IEnumerable<Actor?>> EditAsync(Func<ScheduleRequest, Task> edit)
    {
        await PlannedAsync();
        await edit(Edited());
        return [(await ScheduleAsync()).PutBy, .. await CanceledByAsync()];
    }

    private async Task<IEnumerable<Actor?>> HaltAsync(Func<ControlSchedules, Task> halt)
    {
        await PlannedAsync();
        await halt(Fleet.Get<ControlSchedules>());
        return [(await ScheduleAsync()).StatusBy, .. await CanceledByAsync()];
    }

    private async Task PlannedAsync()
    {
        await PutAsync("10s");
        await PlanAsync();
    }

    private async Task<IEnumerable<Actor?>> CanceledByAsync()
    {
        var revoked = (await OccurrencesAsync()).Where(r => r.Revoked).ToList();
        Assert.NotEmpty(revoked);
        return revoked.Select(r => r.CanceledBy);
    }

    private async Task<ApiKey> CreateKeyAsync(Actor by) =>
        (await Fleet.Get<CreateKeys>().ExecuteAsync(new("x", "viewer"), by, dryRun: false, default)).Key;

    private async Task<Actor> AuditedByAsync(string action) => (await Fleet.ListAsync(db => db.Audit)).Single(e => e.Action == action).By;

    private static IEnumerable<(string Name, MethodInfo Method)> AllVerbs() =>
        from type in typeof(EnqueueRuns).Assembly.GetExportedTypes()
        where type is { IsInterface: false } && type.Namespace is { } space
            && space.StartsWith("Fleet.Core.", StringComparison.Ordinal)
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where method.Name.EndsWith("Async", StringComparison.Ordinal)
            && type.Namespace!.Split('.')[2] is var folder
            && (!Below.Contains(folder, StringComparer.Ordinal) || (folder != "Storage" && TakesActor(method)))
        select ($"{type.Name}.{method.Name}", method);

    private static bool TakesActor(MethodInfo method) => Parts(method).Any(t => t == typeof(Actor));

    private static bool IsFenced(MethodInfo method) => Parts(method).Any(t => Fences.Contains(t));

    private static bool IsRead(MethodInfo method) =>
        Reads.Any(word => method.Name.StartsWith(word, StringComparison.Ordinal)
            || method.DeclaringType!.Name.StartsWith(word, StringComparison.Ordinal));

    /// <summary>The types of the parameters, of what they are lists of, and of the members of our own records among them.</summary>
    private static IEnumerable<Type> Parts(MethodInfo method) =>
        from parameter in method.GetParameters()
        let type = parameter.ParameterType
        from part in type.IsGenericType ? [type, .. type.GetGenericArguments()] : new[] { type }
        from found in part.Namespace?.StartsWith("Fleet.Core", StringComparison.Ordinal) == true && !part.IsEnum && !Fences.Contains(part)
            ? [part, .. part.GetProperties().Select(p => p.PropertyType)]
            : new[] { part }
        select found;
}

public sealed class VerbActorsSqliteTests() : VerbActorsTests(new SqliteDatabase());

public sealed class VerbActorsPostgresTests(PostgresServer server) : VerbActorsTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class VerbActorsSqlServerTests() : VerbActorsTests(new SqlServerDatabase());
