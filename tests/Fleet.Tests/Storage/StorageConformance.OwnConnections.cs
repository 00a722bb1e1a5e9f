using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task OpenOwn_Heartbeats_RenewTheLeaseAndTellOfTheRuns()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.ExpireAsync(worker);
        using var own = One.Storage.OpenOwn(TimeSpan.FromSeconds(5));

        var pulse = Beat(own, worker);

        Assert.Equal(new HeldRun(run.Id, run.LeaseToken, false), Assert.Single(pulse.Held!));
        Assert.Equal(
            pulse.Clock + TimeSpan.FromHours(1), (await One.ListAsync(db => db.Workers)).Single().LeaseUntil, TimeSpan.FromMilliseconds(1));
        Assert.False(Beat(own, WorkerId.New(One.Now)).IsAlive);
    }

    [Fact]
    public async Task OpenOwn_WorkThrows_IsRolledBackAndTheNextCallGoesOn()
    {
        var worker = await One.RegisterAsync();
        using var own = One.Storage.OpenOwn(TimeSpan.FromSeconds(5));

        Assert.Throws<InvalidOperationException>(() => own.Write<bool>(session =>
        {
            using var command = session.CreateCommand();
            command.CommandText = One.Storage.Schema.In("UPDATE fleet.workers SET name = 'other'");
            command.ExecuteNonQuery();
            throw new InvalidOperationException();
        }));

        Assert.Equal("w", (await One.ListAsync(db => db.Workers)).Single().Name);
        Assert.True(Beat(own, worker).IsAlive);
    }

    private Pulse Beat(OwnConnection own, WorkerId worker) =>
        One.Get<Heartbeat>().Execute(
            own, worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal), withHeld: true);
}
