using System.Text.Json;
using Fleet.Core.DeadLetters;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task DeadLetters_RunsThatFail_AreTheOnesThatFailedForGood()
    {
        var worker = await One.RegisterAsync();
        await One.Storage.WriteAsync(
            session => session.Db.Workers.ExecuteUpdateAsync(set => set.SetProperty(w => w.Version, "2.1.0")), CancellationToken.None);
        var (dead, retried, released) =
            (await One.StartAsync(worker), await One.StartAsync(worker), await One.StartAsync(worker));
        await One.StartAsync(worker);

        await Task.WhenAll(
            One.FailAsync(dead, error: "No order 5."), One.FailAsync(retried, TimeSpan.FromMinutes(1)), One.ReleaseAsync(released));

        var letter = Assert.Single(await LettersAsync());
        Assert.Equal(
            (dead.Id, "note", "default", One.Now, "2.1.0"),
            (letter.RunId, letter.Job, letter.Lane, letter.FailedAt, letter.Version));
        Assert.Equal(Fingerprint.Of("T", "No order 6.", "at x"), letter.Fingerprint);
        Assert.Equal(letter.Fingerprint, (await One.ReadAsync(dead.Id)).Fingerprint);
        Assert.Null((await One.ReadAsync(retried.Id)).Fingerprint);
    }

    [Fact]
    public async Task DeadLetters_RunThatKillsItsWorkers_IsOne()
    {
        var id = await One.EnqueueAsync();
        for (var i = 0; i < RescuedRun.CrashCap; i++)
        {
            Assert.Empty(await LettersAsync());
            var worker = await One.RegisterAsync();
            await One.ClaimAsync(worker, id);
            await One.ExpireAsync(worker);
            await One.RescueAsync();
        }

        var letter = Assert.Single(await LettersAsync());
        Assert.Equal((id, (await One.ReadAsync(id)).Fingerprint), (letter.RunId, letter.Fingerprint));
    }

    [Fact]
    public async Task DeadLetters_ReplayedDeletedOrOldRuns_AreNoneAnyMore()
    {
        var worker = await One.RegisterAsync();
        var runs = new List<ClaimedRun>();
        for (var i = 0; i < 3; i++)
            runs.Add(await One.StartAsync(worker));
        foreach (var run in runs)
            await One.FailAsync(run);
        Assert.Equal(3, (await LettersAsync()).Count);

        await One.ReplayAsync(runs[0].Id);
        await One.Get<DeleteRuns>().ExecuteAsync([runs[1].Id], Somebody.Me, CancellationToken.None);

        Assert.Equal(runs[2].Id, Assert.Single(await LettersAsync()).RunId);
        Assert.Null((await One.ReadAsync(runs[0].Id)).Fingerprint);
        Assert.Null((await One.ReadAsync(runs[1].Id)).Fingerprint);

        await One.Storage.AutocommitAsync(
            session => One.Storage.Statements.DeleteEndedAsync(
                session, succeeded: false, DateTimeOffset.UnixEpoch, One.Now.AddDays(1), 100, CancellationToken.None),
            CancellationToken.None);
        Assert.Empty(await LettersAsync());
    }

    [Fact]
    public async Task GetGroups_DeadLettersOfTwoFaults_TellsOfEach()
    {
        await VersionAsync("1.0.0");
        var early = await DieAsync("No order 1.");
        Time.Advance(TimeSpan.FromHours(30));
        await DieAsync("No order 2.");
        await DieAsync("No customer 3.", lane: "reports");
        Time.Advance(TimeSpan.FromMinutes(90));
        await VersionAsync("1.1.0");
        var last = await DieAsync("No order 4.");
        var print = (await One.ReadAsync(last)).Fingerprint!;

        var list = await One.Get<GetGroups>().ListAsync(default, CancellationToken.None);
        var bound = await One.Get<GetGroups>().ListAsync(new(["reports"]), CancellationToken.None);
        var group = await One.Get<GetGroups>().FindAsync(print, null, CancellationToken.None);

        Assert.Equal([(3, 2, 1, true), (1, 1, 0, false)], list.Groups.Select(
            g => (g.Count.Value, g.LastDay, g.DayBefore, g.Fingerprint == print)));
        Assert.True(list.IsComplete);
        Assert.Equal(1, Assert.Single(bound.Groups).Count.Value);
        Assert.Null(await One.Get<GetGroups>().FindAsync(print, ["reports"], CancellationToken.None));
        Assert.Equal((One.Now.AddHours(-31.5), One.Now), (group!.Group.FirstAt, group.Group.LastAt));
        Assert.Equal((1, 1, 2), (group.Trend[^1], group.Trend[^2], group.Trend.Sum()));
        Assert.Equal([("1.1.0", 1), ("1.0.0", 2)], group.Versions.Select(v => (v.Version, v.Count)));
        Assert.Equal((last, early), (group.Samples[0].Id, group.Samples[^1].Id));
        Assert.Equal([new JobOfGroup("note", 3)], group.Group.Jobs);
    }

    /// <summary>A storm of one fault does not hide the others.</summary>
    [Fact]
    public async Task GetGroups_MoreThanItLooksAt_FindsOlderGroupsAndSaysSo()
    {
        await DieAsync("No customer 1.");
        for (var i = 0; i < 4; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await DieAsync($"No order {i}.");
        }

        var get = new GetGroups(One.Storage, One.Get<FindMutes>(), Time) { Budget = new() { Letters = 2, PerGroup = 3 } };
        var list = await get.ListAsync(default, CancellationToken.None);

        Assert.Equal((false, 2), (list.IsComplete, list.Rows));
        Assert.Equal(
            [new CappedCount(2, IsAtLeast: true), new CappedCount(1, IsAtLeast: true)], list.Groups.Select(g => g.Count));
        var group = await get.FindAsync(list.Groups[0].Fingerprint, null, CancellationToken.None);
        Assert.Equal((new CappedCount(3, IsAtLeast: true), One.Now.AddSeconds(-3)), (group!.Group.Count, group.Group.FirstAt));
    }

    [Fact]
    public async Task Search_Fingerprint_FindsTheDeadLettersOfTheGroupAlone()
    {
        var dead = await DieAsync("No order 1.");
        await DieAsync("No customer 1.");
        var replayed = await DieAsync("No order 2.");
        var print = (await One.ReadAsync(dead)).Fingerprint!;
        await One.ReplayAsync(replayed);

        Assert.Equal([dead], await FoundAsync($"fingerprint:{print}"));
        Assert.Equal([dead], await FoundAsync($"state:dead job:note fingerprint:{print},v1:0000000000000000"));
        Assert.Empty(await FoundAsync("fingerprint:v1:0000000000000000"));
        Assert.Equal(2, (await FoundAsync("state:dead")).Count);
    }

    [Fact]
    public async Task DiscardRuns_OneAndAGroup_LeaveTheDeadLettersAndStayFailed()
    {
        var ids = new List<RunId>();
        for (var i = 0; i < 3; i++)
            ids.Add(await DieAsync($"No order {i}."));
        var other = await DieAsync("No customer.");
        var (print, discard) = ((await One.ReadAsync(ids[0])).Fingerprint!, One.Get<DiscardRuns>());

        Assert.Equal(DiscardResult.Discarded, await discard.ExecuteAsync(ids[0], "twice", Somebody.Me, isDryRun: true, default));
        Assert.Equal(DiscardResult.Discarded, await discard.ExecuteAsync(ids[0], "twice", Somebody.Me, isDryRun: false, default));
        Assert.Equal(DiscardResult.NotDead, await discard.ExecuteAsync(ids[0], "twice", Somebody.Me, isDryRun: false, default));
        Assert.Equal(
            DiscardResult.NotFound, await discard.ExecuteAsync(RunId.New(One.Now), "twice", Somebody.Me, isDryRun: false, default));
        Assert.Equal((2, false), await discard.ExecuteAsync(print, null, "old", Somebody.Me, 10, isDryRun: true, default));
        Assert.Equal((0, false), await discard.ExecuteAsync(print, ["reports"], "old", Somebody.Me, 10, isDryRun: false, default));
        Assert.Equal((1, true), await discard.ExecuteAsync(print, null, "old", Somebody.Me, 1, isDryRun: false, default));
        Assert.Equal((1, false), await discard.ExecuteAsync(print, ["default"], "old", Somebody.Me, 10, isDryRun: false, default));

        Assert.Equal(other, Assert.Single(await LettersAsync()).RunId);
        Assert.Equal([other], await FoundAsync("state:dead"));
        Assert.Equal(4, (await FoundAsync("state:failed")).Count);
        var run = await One.ReadAsync(ids[0]);
        Assert.Equal((RunState.Failed, "twice", One.Now, null), (run.State, run.DiscardReason, run.DiscardedAt, run.Fingerprint));
        // It can still be replayed as a run.
        Assert.Equal(ReplayResult.Replayed, await One.ReplayAsync(ids[0]));
        Assert.Null((await One.ReadAsync(ids[0])).DiscardedAt);
    }

    [Fact]
    public async Task MuteGroups_UntilATimeOrANewVersion_EndByThemselves()
    {
        await VersionAsync("1.0.0");
        var (timed, versioned) = (await DieAsync("No order."), await DieAsync("No customer."));
        var (one, two) = ((await One.ReadAsync(timed)).Fingerprint!, (await One.ReadAsync(versioned)).Fingerprint!);
        var mutes = One.Get<MuteGroups>();
        await mutes.MuteAsync(one, new(One.Now.AddHours(1), false, "known"), Somebody.Me, isDryRun: false, default);
        await mutes.MuteAsync(two, new(null, true, null), Somebody.Me, isDryRun: false, default);

        await DieAsync("No customer.");
        Assert.Equal(2, (await One.Get<FindMutes>().ExecuteAsync(default)).Count);
        Assert.Equal(0, await mutes.EndMutesAsync(default));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([two], (await One.Get<FindMutes>().ExecuteAsync(default)).Keys);
        await VersionAsync("1.0.1");
        var met = await DieAsync("No customer.");
        Assert.Empty(await One.Get<FindMutes>().ExecuteAsync(default));

        // For good: also when what has ended it is gone.
        Assert.Equal(2, await mutes.EndMutesAsync(default));
        await One.ReplayAsync(met);
        Assert.Empty(await One.Get<FindMutes>().ExecuteAsync(default));
        Assert.Null(await mutes.MuteAsync("v1:0000000000000000", new(null, true, null), Somebody.Me, isDryRun: false, default));
        Assert.Equal(
            "missing_field", (await Assert.ThrowsAsync<InvalidRunException>(
                () => mutes.MuteAsync(one, new(null, false, null), Somebody.Me, isDryRun: false, default))).Error.Code);
    }

    [Fact]
    public async Task ReplayEdited_OtherArgs_KeepsThoseBefore()
    {
        var id = await DieAsync("No order.");
        var replay = One.Get<ReplayEdited>();

        var tried = await replay.ExecuteAsync(id, new(null, JsonElement.Parse("""{"text":"b"}""")), Somebody.Me, isDryRun: true, default);
        Assert.Equal(RunState.Failed, (await One.ReadAsync(id)).State);
        var done = await replay.ExecuteAsync(id, new(null, JsonElement.Parse("""{"text":"b"}""")), Somebody.Me, isDryRun: false, default);
        var again = await replay.ExecuteAsync(id, default, Somebody.Me, isDryRun: false, default);

        Assert.Equal((ReplayResult.Replayed, ReplayResult.Replayed, ReplayResult.WrongState), (tried.Result, done.Result, again.Result));
        var change = Assert.Single(done.Changes);
        Assert.Equal(("text", "a", "b"), (change.Path, change.Before?.GetString(), change.After?.GetString()));
        var run = await One.ReadAsync(id);
        Assert.Equal((RunState.Pending, """{"text":"b"}""", null), (run.State, run.Args, run.Fingerprint));
        Assert.Equal("""{"text":"a"}""", Assert.Single(await One.ListAsync(db => db.Replays)).FromArgs);
        var other = await DieAsync("No order.");
        var refused = await Assert.ThrowsAsync<InvalidRunException>(
            () => replay.ExecuteAsync(other, new(JsonElement.Parse("""{"text":5}"""), null), Somebody.Me, isDryRun: false, default));
        Assert.Equal(("invalid_argument", "args.text"), (refused.Error.Code, refused.Error.Field));
        Assert.Equal(RunState.Failed, (await One.ReadAsync(other)).State);
    }

    private async Task<RunId> DieAsync(string error, string? lane = null)
    {
        var run = await One.StartAsync(await One.RegisterAsync(), new EnqueueOptions { Lane = lane });
        await SetVersionAsync();
        await One.Get<FailRuns>().ExecuteAsync(
            new Failure(run, AttemptOutcome.Failed, new RunError("T", error, null), RetryAt: null), CancellationToken.None);
        return run.Id;
    }

    private string _version = "1.0.0";

    private Task VersionAsync(string version)
    {
        _version = version;
        return Task.CompletedTask;
    }

    /// <summary>The worker that is there since now is of the current version.</summary>
    private Task<int> SetVersionAsync() => One.Storage.WriteAsync(
        session => session.Db.Workers.ExecuteUpdateAsync(set => set.SetProperty(w => w.Version, _version)), CancellationToken.None);

    private async Task<List<RunId>> FoundAsync(string query) => [.. (await One.Get<SearchRuns>().ExecuteAsync(
        ParseRunQuery.Read(query, One.Now), before: null, 100, CancellationToken.None)).Runs.Select(r => r.Id)];

    private async Task<List<DeadLetter>> LettersAsync()
    {
        await using var db = One.Storage.Read();
        return await db.DeadLetters.AsNoTracking().ToListAsync(CancellationToken.None);
    }
}
