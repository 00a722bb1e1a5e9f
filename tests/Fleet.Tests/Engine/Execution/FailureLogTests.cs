using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Engine.Execution;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Execution;

public sealed class FailureLogTests : IDisposable
{
    private readonly LogRecorder _lines = new();
    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();
    private readonly LoggerFactory _factory;
    private readonly FailureLog _log;

    public FailureLogTests()
    {
        _factory = new LoggerFactory([_lines]);
        _log = new FailureLog(_factory.CreateLogger<SettleRuns>(), _time);
    }

    private int Count => _lines.Lines.Count;

    public void Dispose()
    {
        _log.Dispose();
        _factory.Dispose();
    }

    [Fact]
    public void Retry_One_IsWrittenAtOnceAndNothingFollows()
    {
        Retry(Run());

        var line = Assert.Single(_lines.Lines);
        Assert.Contains("Attempt 2 of report", line, StringComparison.Ordinal);
        Assert.Contains("next try in 00:00:01: boom", line, StringComparison.Ordinal);
        _time.Advance(FailureLog.Window * 3);
        Assert.Equal(1, Count);
    }

    [Fact]
    public void Retry_Storm_HasFewLinesInFullThenOneForEachWindow()
    {
        for (var i = 0; i < 412; i++)
            Retry(Run());
        Assert.Equal(FailureLog.MaxAlike, Count);

        var last = Run();
        Retry(last);
        _time.Advance(FailureLog.Window);

        Assert.Equal(FailureLog.MaxAlike + 1, Count);
        var summary = _lines.Lines.Last();
        Assert.StartsWith(
            $"Warning: {413 - FailureLog.MaxAlike} more of report in the last 10 s: attempt(s) failed and are tried again.", summary,
            StringComparison.Ordinal);
        Assert.Contains($"The last was {last.Id}, attempt 2, T: boom", summary, StringComparison.Ordinal);

        // While it goes on: one line in full and a summary in each window.
        for (var i = 0; i < 100; i++)
            Retry(Run());
        _time.Advance(FailureLog.Window);
        Assert.Equal(FailureLog.MaxAlike + 3, Count);
        Assert.Contains("99 more of report", _lines.Lines.Last(), StringComparison.Ordinal);

        // After a window without any, the next failure is one that stands alone.
        _time.Advance(FailureLog.Window);
        Assert.Equal(FailureLog.MaxAlike + 3, Count);
        for (var i = 0; i < FailureLog.MaxAlike; i++)
            Retry(Run());
        Assert.Equal((2 * FailureLog.MaxAlike) + 3, Count);
    }

    [Fact]
    public void Failures_OtherJobOrErrorOrKind_AreCountedApart()
    {
        for (var i = 0; i < 100; i++)
            Retry(Run());
        var before = Count;

        Retry(Run("mail"));
        Retry(Run(), "Other");
        _log.Outage(Run(), TimeSpan.FromSeconds(1), Error("T"));
        _log.LeaseLost(Run());
        _log.NotSettled(Run(), TimeSpan.FromSeconds(1), new IOException("away"));
        _log.Dead(Run(), Error("T"), new InvalidOperationException("boom"));

        Assert.Equal(before + 6, Count);
        Assert.Contains("failed for good", _lines.Lines.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dead_Storm_HasMoreLinesAndItsSummaryIsAnErrorAndComesFirst()
    {
        for (var i = 0; i < 100; i++)
        {
            Retry(Run());
            _log.Dead(Run("mail"), Error("T"), null);
        }

        Assert.Equal(FailureLog.MaxAlike + FailureLog.MaxDeadAlike, Count);
        _time.Advance(FailureLog.Window);

        var summaries = _lines.Lines.Skip(FailureLog.MaxAlike + FailureLog.MaxDeadAlike).ToArray();
        Assert.Equal(2, summaries.Length);
        Assert.StartsWith(
            $"Error: {100 - FailureLog.MaxDeadAlike} more of mail in the last 10 s: run(s) failed for good.", summaries[0],
            StringComparison.Ordinal);
        Assert.StartsWith($"Warning: {100 - FailureLog.MaxAlike} more of report", summaries[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Retry_ManyJobs_StaysReadable()
    {
        const int jobs = 3000;
        for (var i = 0; i < jobs; i++)
        {
            Retry(Run($"job.{i}"));
            Retry(Run($"job.{i}"));
        }

        Assert.Equal(FailureLog.MaxOfKind, Count);
        _time.Advance(FailureLog.Window);

        Assert.Equal(FailureLog.MaxOfKind + FailureLog.MaxSummaries + 1, Count);
        Assert.Contains("other jobs or errors", _lines.Lines.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_SumsUpWhatWasNotTold()
    {
        for (var i = 0; i < 9; i++)
            Retry(Run());
        _time.Advance(TimeSpan.FromSeconds(2));

        _log.Dispose();

        Assert.Contains("4 more of report in the last 2 s", _lines.Lines.Last(), StringComparison.Ordinal);
    }

    private static RunError Error(string type) => new(type, "boom", null);

    private void Retry(ClaimedRun run, string type = "T") => _log.Retry(run, TimeSpan.FromSeconds(1), Error(type));

    private ClaimedRun Run(string job = "report") => new()
    {
        Id = RunId.New(_time.GetUtcNow()),
        Job = job,
        Lane = "default",
        Args = "{}",
        Attempt = 2,
        AttemptOffset = 0,
        MaxAttempts = null,
        LeaseToken = 1,
        DueAt = _time.GetUtcNow(),
        StartedAt = _time.GetUtcNow(),
    };
}
