using System.Text.Json;
using Fleet.Core.DeadLetters;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage;
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

        Assert.Equal((false, 3), (list.IsComplete, list.Rows));
        Assert.Equal(
            [new CappedCount(2, IsAtLeast: true), new CappedCount(1, IsAtLeast: true)], list.Groups.Select(g => g.Count));
        var group = await get.FindAsync(list.Groups[0].Fingerprint, null, CancellationToken.None);
        Assert.Equal((new CappedCount(3, IsAtLeast: true), One.Now.AddSeconds(-3)), (group!.Group.Count, group.Group.FirstAt));
    }

    [Fact]
    public async Task GetGroups_OneOfSeveralLanesHasMore_SaysSo()
    {
        for (var i = 0; i < 3; i++)
        {
            await DieAsync("No order.");
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        await DieAsync("No order.", lane: "reports");

        // Half of the budget is for each lane.
        var get = new GetGroups(One.Storage, One.Get<FindMutes>(), Time) { Budget = new() { Letters = 6 } };
        var all = await get.ListAsync(new(["default", "reports"]), CancellationToken.None);
        Assert.Equal((false, 4, true), (all.IsComplete, all.Rows, Assert.Single(all.Groups).Count.IsAtLeast));
        // The lane that was not read to its end says how far all of them were.
        Assert.Equal(One.Now.AddSeconds(-3), all.BackTo);

        get = new GetGroups(One.Storage, One.Get<FindMutes>(), Time) { Budget = new() { Letters = 8 } };
        all = await get.ListAsync(new(["default", "reports"]), CancellationToken.None);
        Assert.Equal((true, new CappedCount(4, IsAtLeast: false), null), (all.IsComplete, all.Groups[0].Count, all.BackTo));
    }

    /// <summary>The groups that are known from the newest dead letters take no place from those behind them.</summary>
    [Fact]
    public async Task GetGroups_KnownGroupsStandBeforeAnOlderOne_FindsIt()
    {
        string[] errors = [.. new[] { "No order.", "No customer.", "No street." }
            .OrderBy(e => Fingerprint.Of("T", e, null), StringComparer.Ordinal)];
        await DieAsync(errors[2]);
        Time.Advance(TimeSpan.FromSeconds(1));
        await DieAsync(errors[0]);
        await DieAsync(errors[1]);
        await One.Storage.WriteAsync(
            session => session.Db.DeadLetters.Where(l => l.FailedAt == One.Now)
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.Job, "other")),
            CancellationToken.None);

        var get = new GetGroups(One.Storage, One.Get<FindMutes>(), Time) { Budget = new() { Letters = 2, Groups = 2 } };
        var list = await get.ListAsync(new(Job: "note"), CancellationToken.None);

        Assert.Equal(Fingerprint.Of("T", errors[2], null), Assert.Single(list.Groups).Fingerprint);
        Assert.Equal((false, 3), (list.IsComplete, list.Rows));
    }

    /// <summary>The groups behind the newest dead letters share one budget.</summary>
    [Theory]
    [InlineData(4, 3, 5)]
    [InlineData(1, 2, 2)]
    public async Task GetGroups_LargeOlderGroups_ReadsNoMoreThanItsBudget(int older, int groups, int rows)
    {
        for (var i = 0; i < 3; i++)
        {
            await DieAsync("No order.");
            await DieAsync("No customer.");
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        await DieAsync("No street.");

        var get = new GetGroups(One.Storage, One.Get<FindMutes>(), Time) { Budget = new() { Letters = 1, Groups = 3, Older = older } };
        var list = await get.ListAsync(default, CancellationToken.None);

        Assert.Equal((groups, rows, false), (list.Groups.Count, list.Rows, list.IsComplete));
        Assert.All(list.Groups, g => Assert.True(g.Count.IsAtLeast));
        Assert.Equal(One.Now, list.BackTo);
    }

    /// <summary>However many groups and mutes there are.</summary>
    [Fact]
    public async Task DeadLetterLists_ManyGroupsAndMutes_SendAsManyStatementsAsFew()
    {
        var sent = 0;
        using var hear = await HearAsync(_ => sent++);
        var (reader, mutes) = (Open(), One.Get<MuteGroups>());
        var get = reader.Get<GetGroups>();
        await MuteAsync("No order.");
        await DieAsync("No customer.");
        var few = (await ListAsync(), await MutesAsync());
        foreach (var word in "abcdefghijkl")
        {
            await MuteAsync($"No {word}{word}{word}.");
            await DieAsync($"Bad {word}{word}{word}.");
        }

        Assert.Equal(few, (await ListAsync(), await MutesAsync()));
        Assert.Equal((4, 1), few);

        async Task MuteAsync(string error)
        {
            var print = (await One.ReadAsync(await DieAsync(error))).Fingerprint!;
            await mutes.MuteAsync(print, new(null, UntilNewVersion: true, null), Somebody.Me, isDryRun: false, default);
        }

        Task<int> ListAsync() => SentAsync(async () =>
        {
            var list = await get.ListAsync(default, CancellationToken.None);
            Assert.Equal(list.Groups.Count, (await get.SamplesAsync(list.Groups, null, CancellationToken.None)).Count);
        });

        Task<int> MutesAsync() => SentAsync(() => reader.Get<FindMutes>().ExecuteAsync(CancellationToken.None));

        async Task<int> SentAsync(Func<Task> act)
        {
            sent = 0;
            await act();
            return sent;
        }
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

    /// <summary>A discard that has begun is finished, whoever waits for it; and rows that were left behind do not end it.</summary>
    [Fact]
    public async Task DiscardRuns_CallerGoesAndRowsWereLeftBehind_DiscardsAllTheSame()
    {
        var left = await DieAsync("No order.");
        Time.Advance(TimeSpan.FromSeconds(1));
        var (one, two) = (await DieAsync("No order."), await DieAsync("No order."));
        var print = (await One.ReadAsync(one)).Fingerprint!;
        await One.ReplayAsync(left);
        await One.Storage.WriteAsync(
            session =>
            {
                session.Db.DeadLetters.Add(new DeadLetter
                {
                    RunId = left,
                    Fingerprint = print,
                    Job = "note",
                    Lane = "default",
                    FailedAt = One.Now.AddSeconds(-1),
                });
                return session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        using var gone = new CancellationTokenSource();
        var storage = StorageSpy.Around(One.Storage, nameof(IStorage.WriteAsync), gone.Cancel);

        // One in each transaction: the first finds the row that was left behind.
        var discard = new DiscardRuns(storage, Time);
        Assert.Equal((1, true), await discard.ExecuteAsync(print, null, "old", Somebody.Me, 1, isDryRun: false, gone.Token));
        Assert.Equal((1, false), await discard.ExecuteAsync(print, null, "old", Somebody.Me, 10, isDryRun: false, default));

        Assert.Empty(await LettersAsync());
        Assert.Equal((RunState.Pending, null), ((await One.ReadAsync(left)).State, (await One.ReadAsync(left)).DiscardedAt));
        Assert.All(new[] { await One.ReadAsync(one), await One.ReadAsync(two) }, run => Assert.Equal("old", run.DiscardReason));
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
        // The leader finds the new version; the lists do not look for one.
        Assert.Equal([two], (await One.Get<FindMutes>().ExecuteAsync(default)).Keys);

        // For good: also when what has ended it is gone.
        Assert.Equal(2, await mutes.EndMutesAsync(default));
        Assert.Empty(await One.Get<FindMutes>().ExecuteAsync(default));
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

    /// <summary>Two people edit one dead letter: the second one has not seen the args that the first one gave it.</summary>
    [Fact]
    public async Task ReplayEdited_SomebodyElseWasFaster_OverwritesNothing()
    {
        var id = await DieAsync("No order.");
        var other = One.Get<ReplayEdited>();
        var isFirst = true;
        var storage = StorageSpy.Around(One.Storage, nameof(IStorage.WriteAsync), () =>
        {
            if (!isFirst)
                return;
            isFirst = false;
            Task.Run(async () =>
            {
                await other.ExecuteAsync(id, new(JsonElement.Parse("""{"text":"b"}"""), null), Somebody.Me, isDryRun: false, default);
                await One.FailAsync(await One.ClaimAsync(await One.RegisterAsync(), id));
            }).GetAwaiter().GetResult();
        });
        var mine = new ReplayEdited(
            storage, One.Get<JobCatalog>(), One.Get<ArgsSchemas>(), One.Get<NudgePublisher>(), Time);

        var done = await mine.ExecuteAsync(
            id, new(JsonElement.Parse("""{"text":"c"}"""), null), Somebody.Me, isDryRun: false, default);

        Assert.Equal(ReplayResult.ArgsChanged, done.Result);
        var run = await One.ReadAsync(id);
        Assert.Equal((RunState.Failed, """{"text":"b"}""", 1), (run.State, run.Args, run.Replays));
        Assert.Single(await LettersAsync());
    }

    [Fact]
    public async Task ReplayEdited_StoredArgsAreNoJson_ReplaysOrReplacesThem()
    {
        var (same, other, patched) = (await DieAsync("No order."), await DieAsync("No order."), await DieAsync("No order."));
        await One.Storage.WriteAsync(
            session => session.Db.Runs.ExecuteUpdateAsync(set => set.SetProperty(r => r.Args, "no JSON")), CancellationToken.None);
        var replay = One.Get<ReplayEdited>();

        var plain = await replay.ExecuteAsync(same, default, Somebody.Me, isDryRun: false, default);
        var replaced = await replay.ExecuteAsync(
            other, new(JsonElement.Parse("""{"text":"b"}"""), null), Somebody.Me, isDryRun: false, default);
        var merged = await replay.ExecuteAsync(
            patched, new(null, JsonElement.Parse("""{"text":"b"}""")), Somebody.Me, isDryRun: false, default);

        Assert.All(new[] { plain, replaced, merged }, done => Assert.Equal(ReplayResult.Replayed, done.Result));
        Assert.Empty(plain.Changes);
        Assert.Equal("no JSON", (await One.ReadAsync(same)).Args);
        foreach (var (id, done) in new[] { (other, replaced), (patched, merged) })
        {
            Assert.Equal("no JSON", Assert.Single(done.Changes).Before?.GetString());
            Assert.Equal("""{"text":"b"}""", (await One.ReadAsync(id)).Args);
        }
    }

    [Fact]
    public async Task ReplayEdited_DiscardedRun_IsNoDeadLetter()
    {
        var id = await DieAsync("No order.");
        await One.Get<DiscardRuns>().ExecuteAsync(id, "old", Somebody.Me, isDryRun: false, default);

        var done = await One.Get<ReplayEdited>().ExecuteAsync(id, default, Somebody.Me, isDryRun: false, default);

        Assert.Equal(ReplayResult.WrongState, done.Result);
        Assert.Equal(ReplayResult.Replayed, await One.ReplayAsync(id));
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
