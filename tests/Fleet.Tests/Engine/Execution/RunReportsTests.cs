using Fleet.Core.Storage.Rows;
using Fleet.Engine.Execution;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Tests.Engine.Execution;

/// <summary>Log lines and progress on a database that fails.</summary>
public sealed class RunReportsTests() : StorageVerbs(new SqliteDatabase())
{
    private readonly RunId _run = RunId.New(Verbs.Noon);
    private FailingStorage _storage = null!;
    private RunReports _reports = null!;

    [Fact]
    public async Task Flush_AnswerToTheCommitIsLost_GoesOnAndWritesEachLineOnce()
    {
        Start();
        Say("one");
        _storage.AfterCommit = () => throw new IOException("The answer was lost.");
        await Assert.ThrowsAsync<IOException>(FlushAsync);
        _storage.AfterCommit = null;
        Say("two");

        await FlushAsync();
        await FlushAsync();

        Assert.Equal(["one", "two"], await LinesAsync());
    }

    [Fact]
    public async Task Flush_CommitWasNotMade_WritesTheLinesWithNewIds()
    {
        Start();
        Say("one");
        _storage.BeforeCommit = () => throw new SqliteException("disk full", 13);
        await Assert.ThrowsAsync<SqliteException>(FlushAsync);
        _storage.BeforeCommit = null;
        // Somebody else gets the id that the lost row had.
        await Fleet.Storage.WriteAsync(
            scope =>
            {
                scope.Db.RunLogs.Add(new RunLogLine { RunId = _run, At = Fleet.Now, Message = "other" });
                return scope.Db.SaveChangesAsync();
            },
            CancellationToken.None);

        await FlushAsync();

        Assert.Equal(["other", "one"], await LinesAsync());
    }

    [Fact]
    public async Task Flush_OneLineIsRefused_OthersAndProgressAreWritten()
    {
        await ExecuteAsync(
            "CREATE TRIGGER refuse BEFORE INSERT ON fleet_run_logs WHEN NEW.message = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END");
        var worker = await Fleet.RegisterAsync();
        var run = await Fleet.StartAsync(worker);
        Start();
        Say("one");
        Say("bad");
        Say("two");
        _reports.Add(new ProgressReport(run.Id, run.LeaseToken, 0.5, "half"));

        await FlushAsync();

        Assert.Equal(["one", "two"], await LinesAsync());
        Assert.Equal((0.5, "half"), ((await Fleet.ReadAsync(run.Id)).Progress, (await Fleet.ReadAsync(run.Id)).ProgressMessage));
    }

    [Fact]
    public async Task Flush_NoLineCanBeWritten_ProgressGoesOnAndTheLinesAreKept()
    {
        await ExecuteAsync("ALTER TABLE fleet_run_logs RENAME TO away");
        var worker = await Fleet.RegisterAsync();
        var run = await Fleet.StartAsync(worker);
        Start();
        Say("one");
        _reports.Add(new ProgressReport(run.Id, run.LeaseToken, 0.5, "half"));

        await Assert.ThrowsAnyAsync<Exception>(FlushAsync);
        Assert.Equal(0.5, (await Fleet.ReadAsync(run.Id)).Progress);

        await ExecuteAsync("ALTER TABLE away RENAME TO fleet_run_logs");
        await FlushAsync();
        Assert.Equal(["one"], await LinesAsync());
    }

    [Fact]
    public async Task Flush_DatabaseIsAway_ProgressIsKeptUnlessNewerCame()
    {
        var worker = await Fleet.RegisterAsync();
        var (one, two) = (await Fleet.StartAsync(worker), await Fleet.StartAsync(worker));
        Start();
        _reports.Add(new ProgressReport(one.Id, one.LeaseToken, 0.1, null));
        _reports.Add(new ProgressReport(two.Id, two.LeaseToken, 0.2, null));
        _storage.BeforeCommit = () =>
        {
            _reports.Add(new ProgressReport(two.Id, two.LeaseToken, 0.9, null));
            throw new SqliteException("locked", 5);
        };
        await Assert.ThrowsAsync<SqliteException>(FlushAsync);
        _storage.BeforeCommit = null;

        await FlushAsync();

        Assert.Equal((0.1, 0.9), ((await Fleet.ReadAsync(one.Id)).Progress, (await Fleet.ReadAsync(two.Id)).Progress));
    }

    [Fact]
    public async Task Add_DatabaseIsAwayForLong_MemoryIsBounded()
    {
        Start();
        _storage.BeforeCommit = () => throw new SqliteException("locked", 5);
        var text = new string('x', 4000);
        for (var i = 0; i < 3 * (RunReports.MaxCharacters / text.Length); i++)
            Say(text);
        await Assert.ThrowsAsync<SqliteException>(FlushAsync);
        _storage.BeforeCommit = null;
        for (var i = 0; i < 5; i++)
            await FlushAsync();

        Assert.Equal(RunReports.MaxCharacters / text.Length, (await LinesAsync()).Count);
        // There is room again.
        Say("after");
        await FlushAsync();
        Assert.Equal("after", (await LinesAsync())[^1]);
    }

    private void Start()
    {
        _storage = new FailingStorage(Fleet.Storage);
        _reports = new RunReports(_storage, Time, NullLogger<RunReports>.Instance);
    }

    private void Say(string message) => _reports.Add(new RunLogLine { RunId = _run, Attempt = 1, At = Fleet.Now, Message = message });

    private Task FlushAsync() => _reports.FlushAsync(CancellationToken.None);

    private Task<List<string>> LinesAsync() =>
        Fleet.ListAsync(db => db.RunLogs.Where(l => l.RunId == _run).OrderBy(l => l.Id).Select(l => l.Message));

    private async Task ExecuteAsync(string sql)
    {
        await using var db = Fleet.Storage.Read();
        await db.Database.ExecuteSqlRawAsync(sql);
    }
}
