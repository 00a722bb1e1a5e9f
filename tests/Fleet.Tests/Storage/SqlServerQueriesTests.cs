using System.Text.RegularExpressions;
using Fleet.Api;
using Fleet.Api.Access;
using Fleet.Cli.Dev;
using Fleet.Core;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.DeadLetters;
using Fleet.Core.Findings;
using Fleet.Core.Gates;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Explain;
using Fleet.Core.Leadership;
using Fleet.Core.Live;
using Fleet.Core.Operations;
using Fleet.Core.Outbox;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Search;
using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Engine.Execution;
using Fleet.Engine.Leader;
using Fleet.Testing;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Storage;

/// <summary>Every query of EF Core and every plain statement in Fleet has a translation for SQL Server, and what it is translated to names
/// tables and columns that the migrations build. That needs no server: <see cref="OfflineSqlServer"/> makes the answers up.</summary>
public sealed partial class SqlServerQueriesTests : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly Term Leading = new(LeaderLease.DefaultName, 1);

    private static readonly RunId Id = RunId.New(Verbs.Noon);

    private static readonly InboxKey[] Keys = [new("mail", Id.Value), new("mail", Guid.CreateVersion7(Verbs.Noon)), new("post", Id.Value)];

    /// <summary>What asks the database, by its file under <c>src</c>.</summary>
    private static readonly Dictionary<string, Func<Verbs, Task>[]> Askers = new(StringComparer.Ordinal)
    {
        ["Cli/Dev/EndedRuns.cs"] = [AskEndedRunsAsync],
        ["Core/Access/ProtectionKeys.cs"] =
        [
            fleet => fleet.Get<ProtectionKeys>().ListAsync(None),
            fleet => fleet.Get<ProtectionKeys>().AddAsync(1, "<key />", None),
        ],
        ["Core/Lanes/NamedLanes.cs"] = [fleet => fleet.Get<NamedLanes>().CheckAsync("reports", None).AsTask()],
        ["Core/Lanes/LaneFigures.cs"] =
        [
            fleet => fleet.Get<LaneFigures>().ListAsync(None),
            fleet => fleet.Get<LaneFigures>().FindAsync("reports", None),
        ],
        ["Core/Lanes/PauseLanes.cs"] =
        [
            fleet => fleet.Get<PauseLanes>().PauseAsync("reports", null, "moving", Somebody.Me, null, None),
            fleet => fleet.Get<PauseLanes>().ResumeAsync("reports", Somebody.Me, null, None),
        ],
        ["Core/Workers/GetWorkers.cs"] =
        [
            fleet => fleet.Get<GetWorkers>().ListAsync(None),
            fleet => fleet.Get<GetWorkers>().FindAsync(new WorkerId(Id.Value), None),
        ],
        ["Core/Leadership/LeaderLease.cs"] =
        [
            fleet => fleet.Get<LeaderLease>().AcquireAsync("me", TimeSpan.FromSeconds(10), None),
            fleet => fleet.Get<LeaderLease>().ReleaseAsync("me", None),
        ],
        ["Core/Schedules/Planning/ReplanSchedules.cs"] = [
            fleet => fleet.Get<ReplanSchedules>().ExecuteAsync(Leading, TimeSpan.FromSeconds(30), None)],
        ["Core/Outbox/DispatchOutbox.cs"] =
        [
            fleet => fleet.Get<DispatchOutbox>().ExecuteAsync(None),
            fleet =>
            {
                fleet.Transport.BeforeSend = () => throw new InvalidOperationException("The broker refuses it.");
                return fleet.Get<DispatchOutbox>().ExecuteAsync(None);
            },
        ],
        ["Core/Runs/GetRuns.cs"] = [fleet => fleet.Get<GetRuns>().FindAsync(Id, None)],
        ["Core/Explain/ReadRunFacts.cs"] = [fleet => fleet.Get<ExplainRuns>().ExecuteAsync(Id, None)],
        ["Core/Explain/ExplainOccurrences.cs"] = [
            fleet => fleet.Get<ExplainOccurrences>().ExecuteAsync("nightly", Verbs.Noon, None)],
        ["Core/Runs/Reconcile.cs"] = [fleet => fleet.Get<Reconcile>().ExecuteAsync(None)],
        ["Core/Runs/RescueRuns.cs"] = [fleet => fleet.Get<RescueRuns>().ExecuteAsync(Leading, None)],
        ["Core/Schedules/Control/DeleteSchedules.cs"] = [fleet => fleet.Get<DeleteSchedules>().ExecuteAsync("nightly", Somebody.Me, None)],
        ["Core/Search/CandidateRuns.cs"] =
        [
            fleet => SearchAsync(fleet, EveryTerm),
            fleet => SearchAsync(fleet, "since:1h until:1m"),
            fleet => SearchAsync(fleet, "state:ready"),
            fleet => SearchAsync(fleet, "state:running"),
            fleet => SearchAsync(fleet, "state:failed,canceled"),
            fleet => SearchAsync(fleet, $"id:{Id} key:a,b"),
            fleet => SearchAsync(fleet, "state:dead fingerprint:v1:0123456789abcdef"),
        ],
        ["Core/Search/GetViews.cs"] =
            [fleet => fleet.Get<GetViews>().ListAsync(Somebody.Me, None), fleet => fleet.Get<GetViews>().FindAsync("v", Somebody.Me, None)],
        ["Core/Search/PutViews.cs"] = [fleet => fleet.Get<PutViews>().ExecuteAsync(
            new ViewRequest("v", "", null, null, Shared: true), Somebody.Me, Expected.Anything, None)],
        ["Core/Search/DeleteViews.cs"] = [fleet => fleet.Get<DeleteViews>().ExecuteAsync("v", Somebody.Me, Expected.Anything, None)],
        ["Core/Search/ScanRuns.cs"] = [fleet => SearchAsync(fleet, EveryTerm), fleet => SearchAsync(fleet, "state:failed error:a")],
        ["Core/Search/CountRuns.cs"] =
        [
            fleet => CountAsync(fleet, ""),
            fleet => CountAsync(fleet, "state:ready,succeeded since:1h until:1m"),
            fleet => CountAsync(fleet, EveryTerm),
        ],
        ["Core/Schedules/Control/GetSchedules.cs"] = [
            fleet => fleet.Get<GetSchedules>().ListAsync(None), fleet => fleet.Get<GetSchedules>().FindAsync("nightly", None)],
        ["Core/Schedules/Control/BackfillSchedules.cs"] = [fleet => fleet.Get<BackfillSchedules>().ExecuteAsync(
            "nightly", new BackfillRequest { From = Verbs.Noon.AddDays(-2), Until = Verbs.Noon.AddDays(-1) },
            Somebody.Me, dryRun: false, None)],
        ["Core/Schedules/Control/GetScheduleFigures.cs"] = [
            fleet => fleet.Get<GetScheduleFigures>().ExecuteAsync("nightly", null, null, None)],
        ["Core/Schedules/Control/ControlSchedules.cs"] = [
            fleet => fleet.Get<ControlSchedules>().StopAsync("nightly", new(Somebody.Me, "because"), None)],
        ["Core/Schedules/Planning/LockSchedule.cs"] = [
            fleet => fleet.Storage.WriteAsync(session => LockSchedule.ExecuteAsync(session, "nightly", None), None)],
        ["Core/Findings/GetFindings.cs"] = [fleet => fleet.Get<GetFindings>().ExecuteAsync(figures: null, None)],
        ["Core/Live/FindChanges.cs"] = [fleet => fleet.Get<FindChanges>().LookAsync(None)],
        ["Core/Live/FollowRuns.cs"] = [fleet => fleet.Get<FollowRuns>().ExecuteAsync([Id], None)],
        ["Core/Live/ReadLiveFigures.cs"] = [fleet => fleet.Get<ReadLiveFigures>().ExecuteAsync(None)],
        ["Core/Schedules/Preview/FindCollisions.cs"] = [fleet => fleet.Get<FindCollisions>().ExecuteAsync(
            new Schedule { Id = "nightly", Job = "note", Cron = "0 3 * * *", Lane = "reports" },
            PreviewRange.Of(null, null, Verbs.Noon), None)],
        ["Core/Schedules/Preview/MeanDurations.cs"] = [fleet => fleet.Get<MeanDurations>().ReadAsync(None)],
        ["Core/Schedules/Planning/PlanOccurrences.cs"] = [
            fleet => fleet.Get<PlanOccurrences>().ExecuteAsync(Leading, TimeSpan.FromSeconds(30), None)],
        ["Core/Schedules/Control/PutSchedules.cs"] = [fleet => fleet.Get<PutSchedules>().ExecuteAsync(
            new ScheduleRequest { Id = "nightly", Job = "note", Trigger = new TriggerSpec { Cron = "0 3 * * *" } },
            "code", Somebody.Me, None)],
        ["Core/Schedules/Control/TriggerSchedules.cs"] = [
            fleet => fleet.Get<TriggerSchedules>().ExecuteAsync("nightly", Somebody.Me, None)],
        ["Core/Storage/DbContextMessages.cs"] =
        [
            fleet => AskMessagesAsync(fleet, (messages, session) => messages.FindHandledAsync(session, Keys, None)),
            fleet => AskMessagesAsync(fleet, (messages, session) => messages.AddHandledAsync(session, Keys, Verbs.Noon, None)),
            fleet => AskMessagesAsync(fleet, (messages, session) => messages.RemoveHandledAsync(session, Keys, None)),
            fleet => AskMessagesAsync(fleet, (messages, session) => messages.AddAsync(
                session, [new OutboxMessage { ConsumedId = Id.Value }, new OutboxMessage { Destination = "queue:x", Envelope = "{}" }],
                None)),
        ],
        ["Core/Storage/RunStates.cs"] =
        [
            fleet => CancelAsync(fleet, RunState.Pending), fleet => CancelAsync(fleet, RunState.Running),
            fleet => fleet.ReplayAsync(Id),
            fleet => fleet.Storage.WriteAsync(
                session => RevokeOccurrences.ExecuteAsync(fleet.Storage, session, "nightly", Verbs.Noon, "it was changed",
                    Somebody.Me, None), None),
        ],
        ["Core/Statistics/GetStatistics.cs"] =
        [
            fleet => fleet.Get<GetStatistics>().ExecuteAsync(
                new StatisticsRequest { Since = TimeSpan.FromDays(1), Job = "note", Lane = "default", Outcome = RollupOutcome.Failed },
                None),
        ],
        ["Core/Statistics/GetWorkerSamples.cs"] =
        [
            fleet => fleet.Get<GetWorkerSamples>().FindAsync(WorkerId.New(Verbs.Noon), None),
            fleet => fleet.Get<GetWorkerSamples>().ListAsync([WorkerId.New(Verbs.Noon)], None),
            fleet => fleet.Get<GetWorkerSamples>().ReadRatesAsync(None),
        ],
        ["Core/Statistics/MergeRollups.cs"] = [
            fleet => fleet.Get<MergeRollups>().ExecuteAsync(Leading, TimeSpan.FromHours(1), None)],
        ["Api/Access/BoundAccess.cs"] =
        [
            fleet => new BoundAccess(fleet.Storage, fleet.Get<JobCatalog>()).IsTheirRunAsync(
                Id.ToString(), new Principal("x", ActorKind.Program, Role.Submitter) { Lanes = ["mail"] }, None),
            fleet => new BoundAccess(fleet.Storage, fleet.Get<JobCatalog>()).IsTheirOperationAsync(
                "a", new Principal("x", ActorKind.Program, Role.Viewer) { Lanes = ["mail"] }, None),
        ],
        ["Core/Access/Auditing.cs"] =
        [
            fleet => WriteAsync(
                fleet,
                session =>
                {
                    session.Audit(Verbs.Noon, Somebody.Me, "lane.pause", "mail", before: null, after: new { Reason = "x" });
                    return session.Db.SaveChangesAsync(None);
                }),
        ],
        ["Core/Access/GetAudit.cs"] =
        [
            fleet => fleet.Get<GetAudit>().ListAsync(new(), 10, None),
            fleet => fleet.Get<GetAudit>().ListAsync(
                new() { Action = "lane.", Target = "mail", Since = Verbs.Noon, Until = Verbs.Noon, Before = 7 }, 10, None),
        ],
        ["Core/Access/CreateKeys.cs"] =
        [
            fleet => fleet.Get<CreateKeys>().ImportAsync(new KeyRequest("x", "viewer"), KeyText.New(), Somebody.Me, None),
        ],
        ["Core/Access/RevokeKeys.cs"] =
        [
            fleet => fleet.Get<RevokeKeys>().ExecuteAsync("aaaaaaaa", "left", Somebody.Me, None),
            fleet => fleet.Get<RevokeKeys>().RotateAsync("aaaaaaaa", null, TimeSpan.FromDays(1), Somebody.Me, dryRun: false, None),
        ],
        ["Core/Access/GetKeys.cs"] =
        [
            fleet => fleet.Get<GetKeys>().ListAsync(None),
            fleet => fleet.Get<GetKeys>().FindAsync("aaaaaaaa", None),
            fleet => fleet.Get<GetKeys>().AnyIsValidAsync(Verbs.Noon, None),
        ],
        ["Core/Access/SignIn.cs"] =
        [
            fleet => fleet.Get<SignIn>().ExecuteAsync(
                new Principal("x", ActorKind.Person, Role.Viewer) { ExpiresAt = Verbs.Noon.AddDays(1) }, "browser", Somebody.Me, None),
            fleet => fleet.Get<SignIn>().EndAsync("aaaaaaaa", Somebody.Me, None),
        ],
        ["Core/Access/GetSessions.cs"] =
        [
            fleet => fleet.Get<GetSessions>().ListAsync(null, None),
            fleet => fleet.Get<GetSessions>().ListAsync(new Principal("x", ActorKind.Person, Role.Viewer), None),
            fleet => fleet.Get<GetSessions>().ListAsync(new Principal("x", ActorKind.Person, Role.Viewer) { Subject = "y" }, None),
        ],
        ["Core/Access/Credentials.cs"] =
        [
            fleet => fleet.Get<Credentials>().FindByKeyAsync(KeyText.New(), None),
            fleet => fleet.Get<Credentials>().FindBySessionAsync(KeyText.New(), None),
        ],
        ["Core/Operations/CreateOperations.cs"] = [AskCreatedOperationAsync],
        ["Core/Operations/CancelOperations.cs"] =
            [fleet => fleet.Get<CancelOperations>().ExecuteAsync("a", "enough", Somebody.Me, None)],
        ["Core/Operations/GetOperations.cs"] =
        [
            fleet => fleet.Get<GetOperations>().FindAsync("a", None),
            fleet => fleet.Get<GetOperations>().ListAsync(["mail"], OperationState.Running, "b", 10, None),
        ],
        ["Core/Operations/ExecuteOperations.cs"] =
        [
            fleet => ExecuteAsync(fleet, OperationKind.Cancel), fleet => ExecuteAsync(fleet, OperationKind.Replay),
            fleet => ExecuteAsync(fleet, OperationKind.Delete),
        ],
        ["Core/Operations/PruneOperations.cs"] =
            [fleet => fleet.Get<PruneOperations>().ExecuteAsync(Leading, TimeSpan.FromDays(1), None)],
        ["Core/Access/PruneAudit.cs"] = [fleet => fleet.Get<PruneAudit>().ExecuteAsync(Leading, TimeSpan.FromDays(1), None)],
        ["Core/Workers/DrainWorkers.cs"] =
        [
            fleet => fleet.Get<DrainWorkers>().DrainAsync(new WorkerId(Id.Value), "moving", Somebody.Me, None),
            fleet => fleet.Get<DrainWorkers>().ResumeAsync(new WorkerId(Id.Value), Somebody.Me, None),
        ],
        ["Core/Statistics/PruneFigures.cs"] = [
            fleet => fleet.Get<PruneFigures>().ExecuteAsync(Leading, TimeSpan.FromHours(1), None)],
        ["Core/Storage/IStorage.cs"] = [fleet => fleet.Storage.PingAsync(None)],
        ["Storage.Sql/RollupStatements.cs"] =
        [
            fleet => WriteAsync(
                fleet, session => fleet.Storage.Rollups.AddEndedAsync(session, [Id], RollupOutcome.Skipped, Verbs.Noon, None)),
            fleet => WriteAsync(
                fleet, session => fleet.Storage.Rollups.AddAsync(
                    session, [new Rollup { At = Verbs.Noon }], [new WorkerSample { At = Verbs.Noon }], Verbs.Noon, None)),
            fleet => WriteAsync(
                fleet, session => fleet.Storage.Rollups.IsAddedAsync(session, WorkerId.New(Verbs.Noon), Verbs.Noon, None)),
        ],
        ["Storage.Sql/ColdRunStatements.cs"] =
        [
            AskLostCompletionAsync,
            // A count always has a row; the one that is made up has not.
            async fleet => _ = await Record.ExceptionAsync(() => new Outages(fleet.Storage).CountAsync(Id, None)),
            fleet => fleet.Get<WakeUnserved>().ExecuteAsync(["default"], ["note"], None),
            fleet => WriteAsync(fleet, session => fleet.Storage.ColdRuns.LockAsync(session, [Id, RunId.New(Verbs.Noon)], None)),
        ],
        ["Storage.Sql/GateStatements.cs"] =
        [
            fleet => PassGatesAsync(fleet, OverlapPolicy.Allow),
            fleet => PassGatesAsync(fleet, OverlapPolicy.Skip),
            fleet => PassGatesAsync(fleet, OverlapPolicy.Replace),
            fleet => PassGatesAsync(fleet, OverlapGate.Backfill),
            fleet => fleet.Get<IRunGates>().PassOnAsync(Id, None),
        ],
        ["Storage.Sql/JobStatements.cs"] = [
            fleet => fleet.Get<JobCatalog>().ListAsync(None), fleet => fleet.Get<PublishJobs>().ExecuteAsync(Somebody.Me, None)],
        ["Storage.Sql/LaneStatements.cs"] =
        [
            fleet =>
            {
                fleet.Get<NamedLanes>().Add("mails");
                return fleet.Get<NamedLanes>().RegisterAsync(None);
            },
        ],
        ["Core/Schedules/Control/GetOutcomes.cs"] = [fleet => fleet.Get<GetOutcomes>().FindAsync("nightly", 30, None)],
        ["Storage.Sql/ScheduleStatements.cs"] = [fleet => fleet.Get<GetOutcomes>().ListAsync(["nightly", "daily"], 30, None)],
        ["Storage.Sql/LeaseStatements.cs"] = [fleet => fleet.Get<FleetIdentity>().GetAsync(None).AsTask()],
        ["Storage.Sql/WorkerStatements.cs"] =
        [
            fleet => fleet.RegisterAsync(),
            fleet => fleet.Get<RegisterWorkers>().DrainAsync(new WorkerId(Id.Value), None),
            fleet => fleet.Get<Heartbeat>().ExecuteAsync(
                new WorkerId(Id.Value), TimeSpan.FromSeconds(10), new Dictionary<string, long>(StringComparer.Ordinal), true, None),
        ],
        ["Engine/Leader/BroughtSchedules.cs"] =
        [
            fleet => new BroughtSchedules(
                    [], new ConfiguredSchedules(new ConfigurationBuilder().Build()), fleet.Get<PutSchedules>(), fleet.Storage,
                    new LeftOverSchedules(), TimeProvider.System,
                    NullLogger<BroughtSchedules>.Instance)
                .TellOfLeftOversAsync(None),
        ],
        ["Testing/VirtualRuns.cs"] =
        [
            fleet => ReadAsync(fleet, db => VirtualRuns.DueAsync(db, null, Verbs.Noon, 10, None)),
            fleet => ReadAsync(fleet, db => VirtualRuns.DueAsync(db, ["default"], Verbs.Noon, 10, None)),
            fleet => ReadAsync(fleet, db => VirtualRuns.ListAsync(db, None)),
        ],
        ["Engine/Execution/RunReports.cs"] =
        [
            fleet => ReportAsync(
                fleet, r => r.Add(new RunLogLine { RunId = Id, Message = "one" }),
                r => r.Add(new RunLogLine { RunId = Id, Message = "two" })),
            fleet => ReportAsync(fleet, r => r.Add(new ProgressReport(Id, 1, 0.5, "half"))),
        ],
        ["Api/DeadLetters/ExportDeadLetters.cs"] = [fleet => GetAsync(fleet, "/api/v1/dead-letters/export")],
        ["Core/DeadLetters/FindMutes.cs"] =
        [
            fleet => fleet.Get<FindMutes>().ExecuteAsync(None), fleet => fleet.Get<FindMutes>().FindAsync("v1:0", None),
        ],
        ["Core/DeadLetters/FindVersions.cs"] =
        [
            fleet => fleet.Get<MuteGroups>().MuteAsync("v1:0", new(null, true, null), Somebody.Me, false, None),
        ],
        ["Core/DeadLetters/MuteGroups.cs"] =
        [
            fleet => fleet.Get<MuteGroups>().MuteAsync("v1:0", new(null, true, null), Somebody.Me, false, None),
            fleet => fleet.Get<MuteGroups>().UnmuteAsync("v1:0", Somebody.Me, false, None),
            fleet => fleet.Get<MuteGroups>().EndMutesAsync(None),
        ],
        ["Core/DeadLetters/DiscardRuns.cs"] =
        [
            fleet => fleet.Get<DiscardRuns>().ExecuteAsync(Id, "why", Somebody.Me, false, None),
            fleet => fleet.Get<DiscardRuns>().ExecuteAsync("v1:0", ["a", "b"], "why", Somebody.Me, 1, false, None),
            // A count always has a row; the one that is made up has not.
            async fleet => _ = await Record.ExceptionAsync(
                () => fleet.Get<DiscardRuns>().ExecuteAsync("v1:0", ["a", "b"], "why", Somebody.Me, 1, true, None)),
        ],
        ["Core/DeadLetters/GetGroups.cs"] =
        [
            fleet => new GetGroups(fleet.Storage, fleet.Get<FindMutes>(), fleet.Time) { Budget = new() { Letters = 1, Groups = 2 } }
                .ListAsync(default, None),
            fleet => fleet.Get<GetGroups>().ListAsync(new(["a", "b"]), None),
            fleet => fleet.Get<GetGroups>().SamplesAsync(
                [new DeadGroup("v1:0", default, fleet.Now, fleet.Now, 0, 0, [], null)], ["a"], None),
            fleet => fleet.Get<GetGroups>().FindAsync("v1:0", ["a"], None),
            fleet => new GetGroups(fleet.Storage, fleet.Get<FindMutes>(), fleet.Time) { Budget = new() { PerGroup = 1 } }
                .FindAsync("v1:0", null, None),
        ],
        ["Core/DeadLetters/SampleArgs.cs"] = [fleet => fleet.Get<SampleArgs>().FindAsync("v1:0", "", ["a"], None)],
        ["Core/DeadLetters/ReplayEdited.cs"] = [fleet => fleet.Get<ReplayEdited>().ExecuteAsync(Id, default, Somebody.Me, false, None)],
        ["Api/DeadLetters/GetDeadLetters.cs"] = [fleet => GetAsync(fleet, $"/api/v1/dead-letters/{Id}")],
        ["Api/Runs/GetRunParts.cs"] =
        [
            fleet => GetAsync(fleet, $"/api/v1/runs/{Id}/args"), fleet => GetAsync(fleet, $"/api/v1/runs/{Id}/output"),
            fleet => GetAsync(fleet, $"/api/v1/runs/{Id}/error"), fleet => GetAsync(fleet, $"/api/v1/runs/{Id}/log"),
        ],
        ["Api/Runs/GetRuns.cs"] =
        [
            fleet => GetAsync(fleet, $"/api/v1/runs/{Id}"),
            fleet => GetAsync(fleet, $"/api/v1/runs/{Id}/logs?after=5"),
        ],
    };

    /// <summary>Those that read lists of names from JSON where others read objects.</summary>
    private static readonly string[] ReadLists =
    [
        "Storage.Sql/JobStatements.cs", "Core/Search/CandidateRuns.cs", "Core/Search/ScanRuns.cs", "Core/Search/CountRuns.cs",
        "Api/DeadLetters/GetDeadLetters.cs", "Api/DeadLetters/ExportDeadLetters.cs",
        "Api/Runs/GetRuns.cs", "Core/Schedules/Control/GetSchedules.cs", "Core/Operations/CreateOperations.cs",
        "Core/Operations/GetOperations.cs",
        "Core/Schedules/Control/TriggerSchedules.cs", "Core/Schedules/Control/BackfillSchedules.cs",
    ];

    private readonly OfflineSqlServer _server = new();
    private readonly Verbs _fleet;

    public SqlServerQueriesTests() => _fleet = new Verbs(_server, new FakeTimeProvider(Verbs.Noon));

    // What asks the database: what its context offers, or SQL of our own.
    private static readonly Regex Query = new(
        $@"\b[dD]b\.({string.Join('|', Queryables())})\b|\bsql\.(Execute|Query)Async\(",
        RegexOptions.ExplicitCapture,
        TimeSpan.FromSeconds(1));

    public static TheoryData<string> Files() => [.. Askers.Keys];

    private static IEnumerable<string> Queryables() => typeof(FleetDbContext).GetMethods()
        .Where(m => m.DeclaringType == typeof(FleetDbContext) && m.ReturnType.IsAssignableTo(typeof(IQueryable)))
        .Select(m => m.IsSpecialName ? m.Name["get_".Length..] : m.Name);

    private static Task<bool> WriteAsync(Verbs fleet, Func<StorageSession, Task> write) => fleet.Storage.WriteAsync(
        async session =>
        {
            await write(session);
            return true;
        },
        None);

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Queries_OfFile_AreTranslatedAndNameWhatTheMigrationsBuild(string file)
    {
        if (ReadLists.Contains(file, StringComparer.Ordinal))
            _server.Text = "[]";
        // Each branch: something is found, it was changed meanwhile, nothing is found.
        foreach (var (rows, changed) in new[] { (1, 1), (1, 0), (0, 0) })
        {
            (_server.Rows, _server.Changed) = (rows, changed);
            foreach (var askAsync in Askers[file])
            {
                var e = await Record.ExceptionAsync(() => askAsync(_fleet));
                // With answers that are made up a verb may well refuse to go on; a missing translation it may not meet.
                Assert.True(e is null or InvalidRunException or DbUpdateConcurrencyException, $"{file} with {rows} and {changed}: {e}");
            }
        }

        Assert.NotEmpty(_server.Sent);
        using var model = new SqlServerModel();
        foreach (var (i, (sql, parameters)) in _server.Sent.Index())
            model.Add($"query {i}", sql, parameters);
        Assert.True(model.Validate() is [], $"{string.Join('\n', model.Validate())}\n{string.Join("\n\n", _server.Sent.Keys)}");
    }

    [Fact]
    public void Files_WithQueries_AreAllAskedHere()
    {
        var source = Path.Combine(Repository.Root, "src");
        var files = Repository.Files(source, ".cs")
            .Select(f => (Name: Path.GetRelativePath(source, f).Replace('\\', '/'), Text: File.ReadAllText(f)))
            .Where(f => !Providers().IsMatch(f.Name) && Query.IsMatch(f.Text)).Select(f => f.Name);

        Assert.Equal(Askers.Keys.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "args,error,output")]
    [InlineData("state:failed job:a lane:b schedule:c tag:d since:1h", "args,error,output")]
    [InlineData("error:a", "args,output")]
    [InlineData("args.a=1", "error,output")]
    public async Task Search_Columns_AreReadOnlyToCompareThem(string query, string unread)
    {
        await SearchAsync(_fleet, query);
        await CountAsync(_fleet, query);

        foreach (var column in unread.Split(','))
            Assert.DoesNotContain($"[{column}]", string.Join('\n', _server.Sent.Keys), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Query_WithoutTranslation_IsFound()
    {
        await using var db = _server.Read();

        await Assert.ThrowsAsync<InvalidOperationException>(() => db.Runs.Where(r => r.Job.Normalize() == "x").ToListAsync());
    }

    private const string EveryTerm = "state:ready,scheduled,running job:a,b*,*c lane:*d* schedule:e tag:f,*g error:h "
        + "error:\"é\" args.i.j=k args.l=\"m é\"";

    private static Task<RunPage> SearchAsync(Verbs fleet, string query) => fleet.Get<SearchRuns>().ExecuteAsync(
        ParseRunQuery.Read(query, Verbs.Noon), before: Id, limit: 10, None);

    private static Task<RunCount> CountAsync(Verbs fleet, string query) => fleet.Get<CountRuns>().ExecuteAsync(
        ParseRunQuery.Read(query, Verbs.Noon), byState: true, None);

    private static async Task ReadAsync(Verbs fleet, Func<FleetDbContext, Task> ask)
    {
        await using var db = fleet.Storage.Read();
        await ask(db);
    }

    private static Task<bool> AskMessagesAsync(Verbs fleet, Func<IMessageStatements, StorageSession, Task> ask) => fleet.Storage.WriteAsync(
        async session =>
        {
            await ask(new DbContextMessages(fleet.Storage.Statements), session);
            return true;
        },
        None);

    private static Task ReportAsync(Verbs fleet, params ReadOnlySpan<Action<RunReports>> add)
    {
        var reports = new RunReports(fleet.Storage, fleet.Time, NullLogger<RunReports>.Instance);
        foreach (var one in add)
            one(reports);
        return reports.FlushAsync(None);
    }

    private static async Task GetAsync(Verbs fleet, string path)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton(fleet.Storage).AddTransport(
            fleet.Transport).AddSingleton<TimeProvider>(fleet.Time).AddFleetCore().AddFleetApi()
            .AddSingleton(new AccessOptions(IsOn: false));
        await using var app = builder.Build();
        app.MapFleetApi().AllowAnonymous();
        await app.StartAsync();
        using var http = app.GetTestClient();
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.True((int)response.StatusCode is 200 or 404, $"{path}: {await response.Content.ReadAsStringAsync()}");
    }

    private static async Task AskCreatedOperationAsync(Verbs fleet)
    {
        var preview = await fleet.Get<PreviewOperations>().FindAsync(
            OperationKind.Replay, "state:failed job:a", Somebody.Me, None);
        await fleet.Get<CreateOperations>().ExecuteAsync(new(preview.Kind, preview.Query, preview.Token), Somebody.Me, None);
    }

    /// <summary>An operation of a kind, in whose query every term but the times is found.</summary>
    private static async Task ExecuteAsync(Verbs fleet, OperationKind kind)
    {
        var server = (OfflineSqlServer)fleet.Storage;
        (server.Number, server.Text) = ((int)kind, "job:a");
        await fleet.Get<ExecuteOperations>().ExecuteAsync(Leading, None);
        (server.Number, server.Text) = (MadeUpReader.Ended, "{}");
    }

    private static async Task CancelAsync(Verbs fleet, RunState state)
    {
        var server = (OfflineSqlServer)fleet.Storage;
        server.Number = (int)state;
        await fleet.CancelAsync(Id);
        server.Number = MadeUpReader.Ended;
    }

    /// <summary>On its last chance, with another run in the way, which is running and before it.</summary>
    private static async Task PassGatesAsync(Verbs fleet, OverlapPolicy overlap)
    {
        var run = new PendingRun
        {
            Id = Id,
            DueAt = Verbs.Noon,
            Overlap = overlap,
            Crashes = PendingRun.LastChance,
            ScheduleId = "nightly",
            Position = Verbs.Noon,
        };
        var server = (OfflineSqlServer)fleet.Storage;
        server.Number = 1;
        await fleet.Get<IRunGates>().ClaimAsync(new WorkerId(Id.Value), run, None);
        server.Number = MadeUpReader.Ended;
    }

    /// <summary>A completion that matches no row: whether the run is there at all.</summary>
    private static Task<bool> AskLostCompletionAsync(Verbs fleet) => fleet.Storage.WriteAsync(
        async session =>
        {
            var statements = (OfflineStatements)fleet.Storage.Statements;
            statements.Completed = SettleOutcome.LeaseLost;
            var completion = new Completion { Id = Id, LeaseToken = 1, FinishedAt = Verbs.Noon };
            var lost = await Record.ExceptionAsync(() => fleet.Get<CompleteRuns>().ExecuteInAsync(session.Transaction, completion, None));
            Assert.True(lost is LeaseLostException or NonRetryableException, $"{lost}");
            statements.Completed = SettleOutcome.Settled;
            return true;
        },
        None);

    private static async Task AskEndedRunsAsync(Verbs fleet)
    {
        using var stop = new CancellationTokenSource();
        var server = (OfflineSqlServer)fleet.Storage;
        var print = (Task)typeof(DevHost).Assembly.GetType("Fleet.Cli.Dev.EndedRuns")!.GetMethod("PrintAsync")!.Invoke(
            null, [new Uri("http://localhost/"), "data", fleet.Storage, fleet.Time, stop.Token])!;
        await fleet.Time.AdvanceUntilAsync(() => !server.Sent.IsEmpty || print.IsCompleted);
        await stop.CancelAsync();
        await print;
    }

    // The hot statements of a database have tests of their own.
    [GeneratedRegex(@"^Storage\.(Sqlite|Postgres|SqlServer)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Providers();
}
