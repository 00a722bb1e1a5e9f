using System.Globalization;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Runs;

/// <summary>The whole of docs/states.md: every verb on a run in every state leads where the table says, or changes nothing.</summary>
public abstract class StateMatrixTests(TestDatabase database) : StorageVerbs(database)
{
    private const string Schedule = "s";

    public enum Verb
    {
        Claim,
        Complete,
        Retry,
        Fail,
        Release,
        EndCanceled,
        Rescue,
        Cancel,
        Revoke,
        Replay,
        Delete,
        Stage,
    }

    /// <summary>Per verb, what becomes of Pending, Running, Succeeded, Failed, Canceled and of a deleted run ('X'); '-' is
    /// refused.</summary>
    public static TheoryData<Verb, RunState, RunState?> Matrix()
    {
        (Verb, string)[] rows =
        [
            (Verb.Claim, "R - - - - -"),
            (Verb.Complete, "- S - - - -"),
            (Verb.Retry, "- P - - - -"),
            (Verb.Fail, "- F - - - -"),
            (Verb.Release, "- P - - - -"),
            (Verb.EndCanceled, "- C - - - -"),
            (Verb.Rescue, "- P - - - -"),
            (Verb.Cancel, "C R - - - -"),
            (Verb.Revoke, "C - - - - -"),
            (Verb.Replay, "- - - P P -"),
            (Verb.Delete, "- - X X X -"),
            (Verb.Stage, "P - - - - -"),
        ];
        var data = new TheoryData<Verb, RunState, RunState?>();
        foreach (var (verb, ends) in rows)
        {
            for (var from = RunState.Pending; from <= Run.DeletedState; from++)
            {
                var end = ends[2 * (int)from];
                data.Add(
                    verb, from,
                    end == '-' ? null : end == 'X' ? Run.DeletedState : Enum.GetValues<RunState>().Single(s => s.ToString()[0] == end));
            }
        }

        return data;
    }

    [Fact]
    public void Matrix_States_AreAllThereAre() =>
        Assert.Equal((Enum.GetValues<RunState>().Length + 1) * Enum.GetValues<Verb>().Length, Matrix().Count);

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Verb_OnEachState_LeadsWhereTheTableSaysOrChangesNothing(Verb verb, RunState from, RunState? to)
    {
        var worker = await Fleet.RegisterAsync();
        var run = await BringToAsync(from, worker);
        if (verb == Verb.Rescue)
            await Fleet.ExpireAsync(worker);
        var before = await SnapshotAsync(run.Id);

        await ApplyAsync(verb, run, worker);

        if (to is { } state)
        {
            Assert.Equal(state, (await Fleet.ReadAsync(run.Id)).State);
            Assert.NotEqual(before, await SnapshotAsync(run.Id));
        }
        else
        {
            Assert.Equal(before, await SnapshotAsync(run.Id));
        }
    }

    [Theory]
    [InlineData(Verb.Complete)]
    [InlineData(Verb.Retry)]
    [InlineData(Verb.Fail)]
    [InlineData(Verb.Release)]
    [InlineData(Verb.EndCanceled)]
    public async Task Verb_WithTheTokenOfAnotherClaim_ChangesNothing(Verb verb)
    {
        var worker = await Fleet.RegisterAsync();
        var run = await BringToAsync(RunState.Running, worker);
        var before = await SnapshotAsync(run.Id);

        await ApplyAsync(verb, run with { LeaseToken = run.LeaseToken ^ 1 }, worker);

        Assert.Equal(before, await SnapshotAsync(run.Id));
    }

    [Theory]
    [InlineData(Verb.Complete, RunState.Succeeded)]
    [InlineData(Verb.Retry, RunState.Canceled)]
    [InlineData(Verb.Fail, RunState.Failed)]
    [InlineData(Verb.Release, RunState.Canceled)]
    [InlineData(Verb.EndCanceled, RunState.Canceled)]
    [InlineData(Verb.Rescue, RunState.Canceled)]
    public async Task Verb_AfterACancelWasAskedFor_EndsTheRun(Verb verb, RunState to)
    {
        var worker = await Fleet.RegisterAsync();
        var run = await BringToAsync(RunState.Running, worker);
        await Fleet.CancelAsync(run.Id);
        await Fleet.ExpireAsync(worker);

        await ApplyAsync(verb, run, worker);

        var row = await Fleet.ReadAsync(run.Id);
        Assert.Equal((to, Fleet.Now), (row.State, row.FinishedAt));
    }

    /// <summary>An occurrence of a fire time to come, in the given state, as the claim that held it last. Its row is written
    /// to be due, so that the state alone decides.</summary>
    private async Task<ClaimedRun> BringToAsync(RunState state, WorkerId worker)
    {
        var stored = Fleet.NewRun(schedule: Schedule, fireTime: Fleet.Now.AddHours(1));
        await Fleet.InsertAsync(stored);
        var run = new ClaimedRun
        {
            Id = stored.Id,
            Job = stored.Job,
            Lane = stored.Lane,
            Args = stored.Args,
            Attempt = 0,
            AttemptOffset = 0,
            MaxAttempts = null,
            LeaseToken = 0,
            DueAt = stored.DueAt,
            StartedAt = Fleet.Now,
        };
        if (state == RunState.Pending)
            return run;
        run = await Fleet.ClaimAsync(worker, stored.Id);
        switch (state)
        {
            case RunState.Succeeded:
                await Fleet.CompleteAsync(run);
                break;
            case Run.DeletedState:
                await Fleet.CompleteAsync(run);
                Assert.Equal(DeleteResult.Deleted, await Fleet.DeleteAsync(run.Id));
                break;
            case RunState.Failed:
                await Fleet.FailAsync(run);
                break;
            case RunState.Canceled:
                await EndCanceledAsync(run);
                break;
        }

        Assert.Equal(state, (await Fleet.ReadAsync(stored.Id)).State);
        return run;
    }

    private Task ApplyAsync(Verb verb, ClaimedRun run, WorkerId worker) => verb switch
    {
        Verb.Claim => Fleet.TryClaimAsync(worker, run.Id),
        Verb.Complete => Fleet.CompleteAsync(run),
        Verb.Retry => Fleet.FailAsync(run, TimeSpan.FromSeconds(1)),
        Verb.Fail => Fleet.FailAsync(run),
        Verb.Release => Fleet.ReleaseAsync(run),
        Verb.EndCanceled => EndCanceledAsync(run),
        Verb.Rescue => Fleet.RescueAsync(),
        Verb.Cancel => Fleet.CancelAsync(run.Id),
        Verb.Revoke => Fleet.Storage.WriteAsync(
            session => RevokeOccurrences.ExecuteAsync(Fleet.Storage, session, Schedule, Fleet.Now, "of a test", Somebody.Me,
                CancellationToken.None),
            CancellationToken.None),
        Verb.Replay => Fleet.ReplayAsync(run.Id),
        Verb.Delete => Fleet.DeleteAsync(run.Id),
        Verb.Stage => StageAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(verb)),
    };

    private async Task StageAsync() =>
        await Fleet.Get<StageRuns>().ExecuteAsync(await Fleet.LeadAsync(), TimeSpan.FromSeconds(30), CancellationToken.None);

    private Task<SettleOutcome> EndCanceledAsync(ClaimedRun run) => Fleet.Get<EndAttempts>().ExecuteAsync(
        new AttemptEnd
        {
            Id = run.Id,
            LeaseToken = run.LeaseToken,
            Outcome = AttemptOutcome.Canceled,
            EndedAt = Fleet.Now,
            Next = RunState.Canceled,
            Counts = true,
        },
        CancellationToken.None);

    /// <summary>Every column of the run, and how many rows hang on it.</summary>
    private async Task<string> SnapshotAsync(RunId id)
    {
        await using var db = Fleet.Storage.Read();
        var entry = db.Entry(await db.Runs.IgnoreQueryFilters().AsTracking().SingleAsync(r => r.Id == id));
        var columns = entry.Properties.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Metadata.Name}={p.CurrentValue}"));
        var (attempts, replays) = (await db.Attempts.CountAsync(), await db.Replays.CountAsync());
        return string.Join('\n', columns.Append($"{attempts} attempts, {replays} replays"));
    }
}

public sealed class StateMatrixSqliteTests() : StateMatrixTests(new SqliteDatabase());

public sealed class StateMatrixPostgresTests(PostgresServer server) : StateMatrixTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class StateMatrixSqlServerTests() : StateMatrixTests(new SqlServerDatabase());
