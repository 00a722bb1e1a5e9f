using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
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
        await One.Get<DeleteRuns>().ExecuteAsync([runs[1].Id], Support.Somebody.Me, CancellationToken.None);

        Assert.Equal(runs[2].Id, Assert.Single(await LettersAsync()).RunId);
        Assert.Null((await One.ReadAsync(runs[0].Id)).Fingerprint);
        Assert.Null((await One.ReadAsync(runs[1].Id)).Fingerprint);

        await One.Storage.AutocommitAsync(
            session => One.Storage.Statements.DeleteEndedAsync(
                session, succeeded: false, DateTimeOffset.UnixEpoch, One.Now.AddDays(1), 100, CancellationToken.None),
            CancellationToken.None);
        Assert.Empty(await LettersAsync());
    }

    private async Task<List<DeadLetter>> LettersAsync()
    {
        await using var db = One.Storage.Read();
        return await db.DeadLetters.AsNoTracking().ToListAsync(CancellationToken.None);
    }
}
