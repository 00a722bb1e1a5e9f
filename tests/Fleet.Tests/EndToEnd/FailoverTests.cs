using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>How long nobody leads, with the lease that is the default: that is reported. Judged is only that a clean stop does not wait for
/// the end of the lease, and that its end is enough for a standby.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class FailoverTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Leader_StoppedOrKilled_IsFollowedAtOnceOrWhenItsLeaseIsOver()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        await using var first = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await Until.TrueAsync(() => first.LeadsAsync(database));
        var others = await Task.WhenAll(
            FleetProcess.StartServiceAsync("Scheduler", settings), FleetProcess.StartServiceAsync("Scheduler", settings));
        await using var second = others[0];
        await using var third = others[1];

        var stopped = TimeProvider.System.GetTimestamp();
        await first.SignalAsync("TERM");
        await Until.TrueAsync(async () => await second.LeadsAsync(database) || await third.LeadsAsync(database));
        var handOver = TimeProvider.System.GetElapsedTime(stopped);
        Assert.Equal(0, await first.WaitForExitAsync());

        var (leader, standby) = await second.LeadsAsync(database) ? (second, third) : (third, second);
        var killed = TimeProvider.System.GetTimestamp();
        await leader.KillAsync();
        await Until.TrueAsync(() => standby.LeadsAsync(database));
        var failover = TimeProvider.System.GetElapsedTime(killed);

        TestContext.Current.SendDiagnosticMessage(
            $"Hand-over at a stop after {handOver.TotalMilliseconds:0} ms, failover after a kill after {failover.TotalSeconds:0.0} s.");
        Assert.InRange(handOver, TimeSpan.Zero, Lease / 2);
        Assert.InRange(failover, TimeSpan.Zero, Lease * 2);
    }
}
