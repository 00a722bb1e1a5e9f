using Fleet.Core.Leadership;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Leadership;

public abstract class LeaderLeaseTests(TestDatabase database) : StorageVerbs(database)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task AcquireAsync_ManyAtOnce_OneLeads()
    {
        var terms = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => AcquireAsync($"s{i}"))));

        Assert.Equal(1L, Assert.Single(terms, t => t is not null));
    }

    [Fact]
    public async Task AcquireAsync_RenewedInTime_KeepsTheTermBeyondTheFirstLease()
    {
        await AcquireAsync("a");
        for (var i = 0; i < 3; i++)
        {
            await EndInAsync(Duration / 2);
            var end = await EndAsync();
            Assert.Equal(1, await AcquireAsync("a"));
            Assert.True(await EndAsync() > end);
            Assert.Null(await AcquireAsync("b"));
        }
    }

    [Fact]
    public async Task AcquireAsync_LeaseOver_AnotherTakesOverInTheNextTerm()
    {
        await AcquireAsync("a");
        await EndInAsync(TimeSpan.FromMinutes(1));
        Assert.Null(await AcquireAsync("b"));
        await EndInAsync(TimeSpan.Zero);

        Assert.Equal(2, await AcquireAsync("b"));
        Assert.Null(await AcquireAsync("a"));
    }

    [Fact]
    public async Task AcquireAsync_OwnLeaseOver_IsANewTerm()
    {
        await AcquireAsync("a");
        await EndInAsync(TimeSpan.Zero);

        Assert.Equal(2, await AcquireAsync("a"));
    }

    /// <summary>The deciding clock was set back after the leader had died.</summary>
    [Fact]
    public async Task AcquireAsync_LeaseEndsLaterThanAnyMayLast_IsOver()
    {
        await AcquireAsync("a");
        await EndInAsync(LeaderLease.Longest + TimeSpan.FromMinutes(1));

        Assert.Equal(2, await AcquireAsync("b"));
        await EndInAsync(TimeSpan.FromDays(30));
        Assert.Equal(3, await AcquireAsync("b"));
    }

    /// <summary>Set back by less than that: the lease is watched.</summary>
    [Fact]
    public async Task AcquireAsync_NobodyRenewsForALease_IsOver()
    {
        await AcquireAsync("dead");
        await EndInAsync(TimeSpan.FromMinutes(4));

        Assert.Null(await WatchAsync(Duration - Step));
        Time.Advance(Step);
        Assert.Equal(2, await AcquireAsync("b"));
    }

    [Fact]
    public async Task AcquireAsync_LeaderRenews_IsNotOverHoweverLongItIsWatched()
    {
        for (var i = 0; i < 3; i++)
        {
            await AcquireAsync("a");
            await EndInAsync(TimeSpan.FromMinutes(4) + TimeSpan.FromSeconds(i));
            Assert.Null(await WatchAsync(Duration - Step));
        }
    }

    [Fact]
    public async Task AcquireAsync_TheStandbyStoodStill_WatchesAnew()
    {
        await AcquireAsync("dead");
        await EndInAsync(TimeSpan.FromMinutes(4));
        Assert.Null(await WatchAsync(Duration - Step));
        Time.Advance(Duration);

        Assert.Null(await WatchAsync(Duration - Step));
    }

    [Fact]
    public async Task ReleaseAsync_Leader_HandsOverAtOnceAndEndsItsTerm()
    {
        await AcquireAsync("a");

        await ReleaseAsync("a");

        Assert.Equal(2, await AcquireAsync("b"));
        await Assert.ThrowsAsync<TermLostException>(() => InsertAsLeaderAsync(1));
    }

    [Fact]
    public async Task ReleaseAsync_Standby_LeavesTheLeaderAlone()
    {
        await AcquireAsync("a");

        await ReleaseAsync("b");

        Assert.Null(await AcquireAsync("b"));
        Assert.Equal(1, await AcquireAsync("a"));
    }

    [Fact]
    public async Task WriteAsLeader_InTheTerm_IsCommitted()
    {
        await InsertAsLeaderAsync((await AcquireAsync("a"))!.Value);

        Assert.Single(await Fleet.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task WriteAsLeader_TermMovedOn_IsRefusedBeforeItsWork()
    {
        await AcquireAsync("paused");
        await EndInAsync(TimeSpan.Zero);
        await AcquireAsync("next");

        await Assert.ThrowsAsync<TermLostException>(() => InsertAsLeaderAsync(1));

        Assert.Empty(await Fleet.ListAsync(db => db.Runs));
        await InsertAsLeaderAsync(2);
    }

    [Fact]
    public async Task WriteAsLeader_WorkThrows_IsRolledBack()
    {
        var term = (await AcquireAsync("a"))!.Value;

        await Assert.ThrowsAsync<InvalidOperationException>(() => Fleet.Storage.WriteAsLeaderAsync<bool>(
            new Term(LeaderLease.DefaultName, term),
            async session =>
            {
                await Fleet.Storage.Statements.InsertAsync(session, [Fleet.NewRun()], CancellationToken.None);
                throw new InvalidOperationException();
            },
            CancellationToken.None));

        Assert.Empty(await Fleet.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task WriteAsLeader_NobodyEverLed_IsRefused() =>
        await Assert.ThrowsAsync<TermLostException>(() => InsertAsLeaderAsync(0));

    [Fact]
    public async Task AcquireAsync_AnotherName_HasALeaderOfItsOwn()
    {
        var north = new LeaderLease(Fleet.Storage, Time, "region.north");
        await AcquireAsync("a");

        var term = await north.AcquireAsync("b", Duration, CancellationToken.None);

        Assert.Equal(new Term("region.north", 1), term);
        Assert.Null(await AcquireAsync("c"));
        Assert.Null(await north.AcquireAsync("c", Duration, CancellationToken.None));
        await north.ReleaseAsync("b", CancellationToken.None);
        Assert.Equal(new Term("region.north", 2), await north.AcquireAsync("c", Duration, CancellationToken.None));
        Assert.Equal(1, await AcquireAsync("a"));
    }

    [Fact]
    public async Task WriteAsLeader_SameNumberOfAnotherLease_IsRefused()
    {
        await AcquireAsync("a");

        await Assert.ThrowsAsync<TermLostException>(() => InsertAsync(new Term("region.north", 1)));

        Assert.Empty(await Fleet.ListAsync(db => db.Runs));
    }

    [Theory]
    [InlineData("")]
    [InlineData("North")]
    [InlineData("fleet")]
    [InlineData("north pole")]
    [InlineData("north\n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void LeaderLease_NameNotAllowed_IsRefusedWithTheRule(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => new LeaderLease(Fleet.Storage, Time, name));

        Assert.Contains("1 to 64 characters of a-z, 0-9, '-' and '.'", error.Message, StringComparison.Ordinal);
    }

    private async Task<long?> AcquireAsync(string owner) =>
        (await Fleet.Get<LeaderLease>().AcquireAsync(owner, Duration, CancellationToken.None))?.Number;

    /// <summary>Asks at every step, as a standby of another process does.</summary>
    private async Task<long?> WatchAsync(TimeSpan span)
    {
        for (var watched = TimeSpan.Zero; watched < span; watched += Step)
        {
            if (await AcquireAsync("b") is { } term)
                return term;
            Time.Advance(Step);
        }

        return await AcquireAsync("b");
    }

    private async Task<DateTimeOffset> EndAsync() => Assert.Single(await Fleet.ListAsync(db => db.Leases)).ExpiresAt;

    /// <summary>Moves the end of the lease, by the database's clock.</summary>
    private Task<int> EndInAsync(TimeSpan left) => Fleet.Storage.WriteAsync(
        async session =>
        {
            var end = await Fleet.Storage.GetClockAsync(session, CancellationToken.None) + left;
            return await session.Db.Leases.ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, end));
        },
        CancellationToken.None);

    private Task ReleaseAsync(string owner) => Fleet.Get<LeaderLease>().ReleaseAsync(owner, CancellationToken.None);

    private Task<IReadOnlyList<EnqueueOutcome>> InsertAsLeaderAsync(long number) => InsertAsync(new Term(LeaderLease.DefaultName, number));

    private Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(Term term) => Fleet.Storage.WriteAsLeaderAsync(
        term, session => Fleet.Storage.Statements.InsertAsync(session, [Fleet.NewRun()], CancellationToken.None),
        CancellationToken.None);
}

public sealed class LeaderLeaseSqliteTests() : LeaderLeaseTests(new SqliteDatabase());

public sealed class LeaderLeasePostgresTests(PostgresServer server) : LeaderLeaseTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class LeaderLeaseSqlServerTests() : LeaderLeaseTests(new SqlServerDatabase());
