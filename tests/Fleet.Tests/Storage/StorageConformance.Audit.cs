using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Search;
using Fleet.Core.Workers;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private static readonly Actor Alex = Actor.Create(ActorKind.Person, "Alex", "10.0.0.7");

    [Fact]
    public async Task Audit_EachChange_WritesWhatDiffers()
    {
        var lanes = One.Get<PauseLanes>();
        await lanes.PauseAsync("mail", until: null, "moving", Alex, expected: null, default);
        await lanes.ResumeAsync("mail", Alex, expected: null, default);
        await lanes.ResumeAsync("mail", Alex, expected: null, default);
        var worker = await One.RegisterAsync();
        await One.Get<DrainWorkers>().DrainAsync(worker, "update", Alex, default);
        await One.Get<DrainWorkers>().ResumeAsync(worker, Alex, default);
        await One.Get<DrainWorkers>().ResumeAsync(worker, Alex, default);
        var id = await One.EnqueueAsync();
        await One.Get<CancelRuns>().ExecuteAsync(id, "twice", Alex, default);
        await One.Get<ReplayRuns>().ExecuteAsync(id, Alex, default);
        await One.CancelAsync(id);
        await One.Get<DeleteRuns>().ExecuteAsync([id], Alex, default);
        await One.Get<DeleteRuns>().ExecuteAsync([id], Alex, default);

        var entries = (await One.ListAsync(db => db.Audit)).Where(e => e.By == Alex).OrderBy(e => e.Id).ToList();

        var since = One.Now.ToString("yyyy-MM-ddTHH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture);
        const string Nobody = """{"pausedSince":null,"pausedBy":null,"reason":null}""";
        const string Nothing = """{"drainSince":null,"drainBy":null,"reason":null}""";
        var paused = $$"""{"pausedSince":"{{since}}","pausedBy":"{{Alex}}","reason":"moving"}""";
        var drained = $$"""{"drainSince":"{{since}}","drainBy":"{{Alex}}","reason":"update"}""";
        (string, string, string?, string?, string?)[] expected =
        [
            ("lane.pause", "mail", Nobody, paused, "moving"),
            ("lane.resume", "mail", paused, Nobody, null),
            ("worker.drain", worker.ToString(), Nothing, drained, "update"),
            ("worker.resume", worker.ToString(), drained, Nothing, null),
            ("run.cancel", id.ToString(), """{"state":"pending"}""", """{"state":"canceled"}""", "twice"),
            ("run.replay", id.ToString(), """{"state":"canceled"}""", """{"state":"pending"}""", null),
            ("run.delete", id.ToString(), """{"canceled":1}""", null, null),
        ];
        Assert.Equal(expected, entries.Select(e => (e.Action, e.Target, e.Before, e.After, e.Reason)));
        Assert.All(entries, e => Assert.Equal(("process", null, null), (e.Way, e.KeyId, e.OnBehalfOf)));
    }

    [Fact]
    public async Task Audit_OfASchedule_HasNoArgs()
    {
        var put = One.Get<PutSchedules>();
        var request = new ScheduleRequest
        {
            Id = "s",
            Job = "note",
            Args = """{"text":"canary"}""",
            Trigger = new TriggerSpec { Every = "1h" },
        };
        foreach (var edited in new[] { request, request, request with { Args = """{"text":"canary 2"}""" } })
            await put.ExecuteAsync(edited, "api", Alex, default);
        await put.TryAsync(request, "api", Alex, default);
        await One.Get<ControlSchedules>().StartAsync("s", new(Alex), default);
        await One.Get<ControlSchedules>().StopAsync("s", new(Alex, "why"), default);
        await One.Get<TriggerSchedules>().ExecuteAsync("s", ThisProcess.Program, default);
        var range = new BackfillRequest { From = One.Now.AddHours(-4), Until = One.Now.AddHours(-1) };
        await One.Get<BackfillSchedules>().ExecuteAsync("s", range, Alex, dryRun: true, default);
        await One.Get<BackfillSchedules>().ExecuteAsync("s", range, Alex, dryRun: false, default);
        await One.Get<BackfillSchedules>().ExecuteAsync("s", range, Alex, dryRun: false, default);
        await One.Get<DeleteSchedules>().ExecuteAsync("s", Alex, default, isDryRun: true);
        await One.Get<DeleteSchedules>().ExecuteAsync("s", Alex, default);

        var entries = (await One.ListAsync(db => db.Audit)).OrderBy(e => e.Id).ToList();

        Assert.Equal(
            "schedule.put schedule.put schedule.stop schedule.trigger schedule.backfill schedule.delete",
            string.Join(' ', entries.Select(e => e.Action)));
        Assert.All(entries, e => Assert.Equal("s", e.Target));
        Assert.All(entries, e => Assert.DoesNotContain("canary", e.Before + e.After, StringComparison.Ordinal));
        Assert.Matches("^{\"argsHash\":\"[0-9a-f]{8}\"}$", entries[1].Before);
        Assert.Matches("^{\"argsHash\":\"[0-9a-f]{8}\"}$", entries[1].After);
        Assert.NotEqual(entries[1].Before, entries[1].After);
    }

    /// <summary>What a dry run, a refusal, or a storage that fails at the commit leaves: nothing.</summary>
    [Fact]
    public async Task Audit_OfWhatIsNotDone_IsNotWritten()
    {
        var id = await One.EnqueueAsync();
        var cancel = One.Get<CancelRuns>();
        await cancel.ExecuteAsync(id, "x", Alex, default, isDryRun: true);
        await One.Get<ReplayRuns>().ExecuteAsync(id, Alex, default);
        await One.Get<DeleteRuns>().ExecuteAsync([id, RunId.New(One.Now)], Alex, default);
        await Assert.ThrowsAsync<UnexpectedVersionException>(() => One.Get<PauseLanes>().PauseAsync(
            "mail", null, "x", Alex, Expected.AnyVersion, default));
        await Assert.ThrowsAsync<UnexpectedVersionException>(() => One.Get<PutViews>().ExecuteAsync(
            new("v", "", null, null, Shared: true), Alex, Expected.AnyVersion, default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => One.Storage.WriteAsync<bool>(
            async session =>
            {
                session.Audit(One.Now, Alex, "lane.pause", "mail", before: null, after: new { Reason = "x" });
                await session.Db.SaveChangesAsync();
                throw new InvalidOperationException("The change fails.");
            },
            default));

        Assert.Empty(await One.ListAsync(db => db.Audit));
    }

    [Fact]
    public async Task Audit_OfEnqueue_IsWrittenForPeopleAlone()
    {
        var enqueue = One.Get<EnqueueRuns>();
        var request = Verbs.Request() with { By = Alex, Options = new EnqueueOptions { IdempotencyKey = "k" } };
        var id = (await enqueue.ExecuteAsync(request, default)).Id;
        Assert.Equal(id, (await enqueue.ExecuteAsync(request, default)).Id);
        await enqueue.CheckAsync(Verbs.Request() with { By = Alex }, default);
        await enqueue.ExecuteManyAsync([.. Enumerable.Range(0, 6).Select(_ => Verbs.Request() with { By = Alex })], default);
        await enqueue.ExecuteManyAsync([Verbs.Request() with { By = ThisProcess.Program }], default);
        await enqueue.ExecuteAsync(Verbs.Request() with { By = ThisProcess.Program }, default);

        var entries = (await One.ListAsync(db => db.Audit)).OrderBy(e => e.Id).ToList();

        Assert.Equal(["run.enqueue", "run.enqueue"], entries.Select(e => e.Action));
        Assert.Equal($"{id}", entries[0].Target);
        Assert.StartsWith("6 runs: ", entries[1].Target, StringComparison.Ordinal);
        Assert.Equal("""{"count":6,"jobs":["note"],"lanes":["default"]}""", entries[1].After);
    }

    [Fact]
    public async Task PruneAudit_OldEntries_AreDeletedAndOthersAreNot()
    {
        await PauseAsync("old");
        Time.Advance(TimeSpan.FromDays(2));
        await PauseAsync("new");

        Assert.False(await One.Get<PruneAudit>().ExecuteAsync(await One.LeadAsync(), TimeSpan.FromDays(1), default));

        Assert.Equal(["new"], (await One.ListAsync(db => db.Audit)).Select(e => e.Target));

        Task PauseAsync(string lane) => One.Get<PauseLanes>().PauseAsync(lane, null, null, Alex, null, default);
    }
}
