using Fleet.Core.Explain;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    /// <summary>Whatever happened before: a run that is said to be startable is claimed, and one that is said to wait is not.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task ExplainRuns_AfterRandomVerbs_MayStartExactlyWhenAClaimTakesIt(int seed)
    {
        const int steps = 120;
        var random = new Random(seed);
        var worker = await One.RegisterAsync();
        var claims = new List<ClaimedRun>();
        var said = new List<bool>();
        for (var step = 0; step < steps; step++)
        {
            switch (random.Next(9))
            {
                case 0:
                    await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromSeconds(random.Next(4)) });
                    break;
                case 1 or 2:
                    var overlap = (OverlapPolicy)random.Next(5);
                    await One.InsertAsync(One.NewRun(schedule: $"s{random.Next(2)}", fireTime: One.Now.AddSeconds(step)) with
                    {
                        DueAt = One.Now.AddSeconds(random.Next(3)),
                        Overlap = overlap,
                    });
                    break;
                case 3 when claims.Count > 0:
                    await One.CompleteAsync(Take(claims));
                    break;
                case 4 when claims.Count > 0:
                    await One.FailAsync(Take(claims), random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(3)));
                    break;
                case 5 when random.Next(3) == 0:
                    // Whoever runs crashes; after two crashes a run has to pass the gate of the last chance.
                    await One.ExpireAsync(worker);
                    await One.RescueAsync();
                    claims.Clear();
                    worker = await One.RegisterAsync();
                    break;
                default:
                    Time.Advance(TimeSpan.FromSeconds(random.Next(2)));
                    break;
            }

            var waiting = await One.ListAsync(db => db.Pending.OrderBy(r => r.Id).Select(r => r.Id));
            if (waiting.Count == 0)
                continue;
            var id = waiting[random.Next(waiting.Count)];
            var now = (await One.Get<ExplainRuns>().ExecuteAsync(id, CancellationToken.None))!.Now;
            var outcome = await One.TryClaimAsync(worker, id);

            Assert.True(
                now.MayStart == (outcome.Status == ClaimStatus.Claimed),
                $"step {step}: mayStart {now.MayStart} ({string.Join(' ', now.Reasons.Select(r => r.Text))}), but the claim was "
                    + $"{outcome.Status}");
            Assert.NotEmpty(now.Reasons);
            Assert.Equal(
                now.MayStart != true,
                now.Reasons.Any(r => r.Code is (>= SentenceCode.DueLater and <= SentenceCode.HeldByWorker)
                    or (>= SentenceCode.WaitsForTurn and <= SentenceCode.LastChance)));
            said.Add(now.MayStart == true);
            if (outcome.Run is { } claimed)
                claims.Add(claimed);
        }

        Assert.True(said.Count(s => s) > 5 && said.Count(s => !s) > 5, $"{said.Count(s => s)} of {said.Count} could start");

        ClaimedRun Take(List<ClaimedRun> from)
        {
            var at = random.Next(from.Count);
            var taken = from[at];
            from.RemoveAt(at);
            return taken;
        }
    }

    [Fact]
    public async Task ExplainRuns_SlotsAreBusy_CountsWhatIsDueBefore()
    {
        var worker = await One.RegisterAsync();
        for (var i = 0; i < 8; i++)
            await One.StartAsync(worker);
        await One.EnqueueAsync();
        Time.Advance(TimeSpan.FromSeconds(1));
        await One.EnqueueAsync();
        await One.InsertAsync(One.NewRun());
        await One.EnqueueAsync(new EnqueueOptions { Lane = "other" });
        Time.Advance(TimeSpan.FromSeconds(1));
        var id = await One.EnqueueAsync();

        var reason = Assert.Single((await One.Get<ExplainRuns>().ExecuteAsync(id, CancellationToken.None))!.Now.Reasons);

        Assert.Equal(
            (SentenceCode.AllSlotsBusy, "All slots of lane 'default' are busy: 8 runs in 8 slots. 3 runs of the lane are due before it."),
            (reason.Code, reason.Text));
    }
}
