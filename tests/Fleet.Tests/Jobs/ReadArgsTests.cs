using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Jobs;

/// <summary>What came past the entrance all the same: it fails once, and says where.</summary>
public sealed class ReadArgsTests
{
    [Theory]
    [InlineData("doors.choosy", """{"day":5}""", "args.day: '5' does not fit job 'doors.choosy': bad day")]
    [InlineData("doors.choosy", """{"day":1,"text":"x"}""", "args: they do not fit job 'doors.choosy': is too long")]
    [InlineData("doors.tree", """{"value":1,"kids":[{"value":"x"}]}""", "args.kids[0].value: '\"x\"' does not fit job 'doors.tree'")]
    [InlineData("doors.tree", "{bad", "do not fit job 'doors.tree'")]
    public async Task Run_ArgsThatCannotBeRead_FailsOnceAndNamesTheField(string job, string args, string said)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(
            services => services.AddFleetJobs(jobs => jobs.Add<Handler<Choosy>>().Add<Handler<Tree>>()));

        var run = await fleet.WaitAsync(await fleet.InsertAsync(job, args, maxAttempts: 5));

        Assert.Equal((RunState.Failed, 1), (run.State, run.Attempt));
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_ArgsThatCannotBeWritten_IsRefusedWithTheField()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(
            services => services.AddFleetJobs(jobs => jobs.Add<Handler<Numbers>>().Add<Handler<Tree>>()));
        var tree = new Tree { Kids = [] };
        tree.Kids.Add(tree);

        var nan = await Assert.ThrowsAsync<InvalidRunException>(() => fleet.Client.EnqueueAsync(new Numbers { F64 = double.NaN }));
        var cycle = await Assert.ThrowsAsync<InvalidRunException>(() => fleet.Client.EnqueueAsync(tree));

        Assert.All([nan, cycle], e => Assert.Equal("invalid_argument", e.Error.Code));
        await using var db = fleet.Storage.Read();
        Assert.False(await db.Runs.AnyAsync());
    }
}

public sealed class SubmitArgsTests() : StorageVerbs(new SqliteDatabase())
{
    [Theory]
    [InlineData("""{"text":DIGITS}""", "args.text")]
    [InlineData("""{"text":9223372036854775808}""", "args.text")]
    [InlineData("""{"text":1e400}""", "args.text")]
    [InlineData("""{"text":"a","text":"b"}""", "args.text")]
    [InlineData("""{"txt":"a"}""", "args.txt")]
    public async Task Submit_ArgsThatTheHandlerCouldNotRead_IsRefusedAndNotTriedAgain(string args, string field)
    {
        var submitted = new SubmittedRun(
            "default", "note", args.Replace("DIGITS", new string('1', 400), StringComparison.Ordinal), new EnqueueOptions(), null);

        var refused = await Assert.ThrowsAsync<MessageRefusedException>(
            () => Fleet.Get<SubmitRuns>().ExecuteAsync(submitted, CancellationToken.None));

        Assert.StartsWith(field + ":", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await Fleet.ListAsync(db => db.Runs));
    }
}
