using Fleet.Core.Operations;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>Who waits for whose locks.</summary>
public sealed class PostgresLocksTests : StorageVerbs
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    private readonly PostgresDatabase _database;

    public PostgresLocksTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresLocksTests(PostgresDatabase database) : base(database) => _database = database;

    /// <summary>A run is nudged before its commit where that is quick (docs/adr/0015), so it may come while a claim looks for it.</summary>
    [Fact]
    public async Task Claim_CommittedAfterItsFirstStatement_GetsTheRun()
    {
        var worker = await Fleet.RegisterAsync();
        // The claim waits for the row that is held, and cannot see a run that is committed meanwhile.
        var (held, late) = (await Fleet.EnqueueAsync(), Fleet.NewRun());
        var hold = await PostgresHold.StartAsync(_database.ConnectionString, "SELECT 1 FROM fleet.runs FOR UPDATE");

        var claiming = Fleet.Storage.AutocommitAsync(
            session => Fleet.Storage.Statements.ClaimAsync(
                session, worker, [held, late.Id], Fleet.Now, passedGates: false, CancellationToken.None),
            CancellationToken.None);
        await Waiting.UntilAsync(async () => await PostgresServer.CountAsync(
            _database.ConnectionString,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1);
        await Fleet.InsertAsync(late);
        await hold.DisposeAsync();

        Assert.Equal(
            [(ClaimStatus.Claimed, held), (ClaimStatus.Claimed, late.Id)], (await claiming).Select(o => (o.Status, o.Run?.Id ?? default)));
        Assert.Equal((RunState.Running, 1), ((await Fleet.ReadAsync(late.Id)).State, (await Fleet.ReadAsync(late.Id)).Attempt));
    }

    /// <summary>Of two processes that decide about one schedule at once, the second one waits for the first.</summary>
    [Fact]
    public async Task Claim_SomebodyDecidesAboutTheSchedule_WaitsForIt()
    {
        await PutScheduleAsync("1h");
        var run = Fleet.NewRun(schedule: "s", fireTime: Fleet.Now.AddSeconds(-1)) with { Overlap = OverlapPolicy.Skip };
        await Fleet.InsertAsync(run);
        var worker = await Fleet.RegisterAsync();
        var hold = await PostgresHold.StartAsync(_database.ConnectionString, "SELECT 1 FROM fleet.schedules FOR UPDATE");

        var claiming = Fleet.TryClaimAsync(worker, run.Id);
        await WaitForLockAsync();
        await hold.DisposeAsync();

        Assert.Equal(ClaimStatus.Claimed, (await claiming).Status);
    }

    /// <summary>To lock it is a write: an idle fleet would write to disk with every poll.</summary>
    [Fact]
    public async Task Leader_NothingIsDue_DoesNotLockItsLease()
    {
        var term = await Fleet.LeadAsync();
        await using var hold = await PostgresHold.StartAsync(_database.ConnectionString, "SELECT 1 FROM fleet.leases FOR UPDATE");

        Assert.Equal(
            (0, false), await Fleet.Get<PlanOccurrences>().ExecuteAsync(term, LookAhead, CancellationToken.None).WaitAsync(Waiting.Limit));
        Assert.Equal(
            (0, false), await Fleet.Get<StageRuns>().ExecuteAsync(term, LookAhead, CancellationToken.None).WaitAsync(Waiting.Limit));
    }

    [Fact]
    public async Task PruneRuns_ReplayedBetweenItsLookAndItsDeletion_KeepsTheRunAndAllThatIsItsOwn()
    {
        var worker = await Fleet.RegisterAsync();
        var failed = await Fleet.StartAsync(worker);
        await Fleet.FailAsync(failed);
        Time.Advance(TimeSpan.FromHours(2));
        var term = await Fleet.LeadAsync();
        // The replay has changed the row and not committed: the deletion waits for it.
        var hold = await PostgresHold.StartAsync(
            _database.ConnectionString, "UPDATE fleet.runs SET state = 0, indexed_state = 0, finished_at = NULL, due_at = now()");

        var pruning = Fleet.Get<PruneRuns>().ExecuteAsync(
            term, TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(1), CancellationToken.None);
        await WaitForLockAsync();
        await hold.EndAsync("SELECT 1");

        Assert.Equal((0, false), await pruning);
        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(failed.Id)).State);
        Assert.Single(await Fleet.AttemptsAsync(failed.Id));
    }

    /// <summary>Of a run that matched when its turn came, another life may have begun and ended before the change.</summary>
    [Theory]
    [InlineData(OperationKind.Replay)]
    [InlineData(OperationKind.Delete)]
    [InlineData(OperationKind.Cancel)]
    public async Task Operation_RunLivesOnBetweenLookAndChange_LeavesItAlone(OperationKind kind)
    {
        var run = await Fleet.StartAsync(await Fleet.RegisterAsync(), new EnqueueOptions { MaxAttempts = 1 });
        if (kind != OperationKind.Cancel)
            await Fleet.FailAsync(run);
        Time.Advance(TimeSpan.FromSeconds(1));
        var query = kind == OperationKind.Cancel ? "state:running" : "state:failed";
        var preview = await Fleet.Get<PreviewOperations>().FindAsync(kind, query, Somebody.Me, CancellationToken.None);
        var (operation, _) = await Fleet.Get<CreateOperations>().ExecuteAsync(
            new OperationRequest(kind, query, preview.Token), Somebody.Me, CancellationToken.None);
        var term = await Fleet.LeadAsync();
        // It has been replayed and has failed again, or runs its next attempt; this is not committed yet.
        var hold = await PostgresHold.StartAsync(_database.ConnectionString, """
            UPDATE fleet.runs SET replays = 1, attempt = 2, lease_token = 7, started_at = started_at + interval '1 minute',
                finished_at = finished_at + interval '1 minute'
            """);

        var executing = Fleet.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None);
        await WaitForLockAsync();
        await hold.EndAsync("SELECT 1");
        await executing;

        var ended = (await Fleet.Get<GetOperations>().FindAsync(operation.Id, CancellationToken.None))!;
        Assert.Equal((OperationState.Completed, 0, 1), (ended.State, ended.Done, ended.SkippedChanged));
        var row = await Fleet.ReadAsync(run.Id);
        Assert.Equal((kind == OperationKind.Cancel ? RunState.Running : RunState.Failed, 1), (row.State, row.Replays));
        Assert.Null(row.CancelRequestedAt);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("pause")]
    [InlineData("stop")]
    [InlineData("put")]
    public async Task Schedule_ChangedWhileThePlannersInsertIsUncommitted_RevokesWhatItPlanned(string change)
    {
        await PutScheduleAsync("20s");
        var run = Fleet.NewRun(schedule: "s", fireTime: Fleet.Now.AddSeconds(20)) with { DueAt = Fleet.Now.AddSeconds(20) };
        await using var planner = new NpgsqlConnection(_database.ConnectionString);
        await planner.OpenAsync();
        await using var planning = await planner.BeginTransactionAsync();
        await Fleet.Storage.Statements.InsertAsync(new StorageSession(planning), [run], CancellationToken.None);
        await using (var command = new NpgsqlCommand("UPDATE fleet.schedules SET version = version + 1 WHERE id = 's'", planner, planning))
            await command.ExecuteNonQueryAsync();

        var control = Fleet.Get<ControlSchedules>();
        Task changing = change switch
        {
            "delete" => Fleet.Get<DeleteSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None),
            "pause" => control.PauseAsync("s", null, new ScheduleControl(Somebody.Me), CancellationToken.None),
            "stop" => control.StopAsync("s", new ScheduleControl(Somebody.Me), CancellationToken.None),
            _ => PutScheduleAsync("30s"),
        };
        await WaitForLockAsync();
        await planning.CommitAsync();
        await changing;

        Assert.Equal((RunState.Canceled, true), ((await Fleet.ReadAsync(run.Id)).State, (await Fleet.ReadAsync(run.Id)).Revoked));
    }

    private Task<PutResult> PutScheduleAsync(string every) => Fleet.Get<PutSchedules>().ExecuteAsync(
        new ScheduleRequest { Id = "s", Job = "note", Trigger = new TriggerSpec { Every = every } }, "api", Somebody.Me,
            CancellationToken.None);

    private Task WaitForLockAsync() => Waiting.UntilAsync(async () => await PostgresServer.CountAsync(
        _database.ConnectionString,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1);
}
