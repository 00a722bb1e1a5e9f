using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Storage;

/// <summary>When a process tries again that was refused a connection.</summary>
public sealed class ConnectionGateTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ConnectionGate _gate;
    private readonly Tally _opened = new();
    private readonly Tally _givenBack = new();

    public ConnectionGateTests() => _gate = new ConnectionGate(_time);

    public void Dispose() => _gate.Dispose();

    [Fact]
    public void Refused_OneAfterTheOther_PausesGrowWithJitterUpToTheLongest()
    {
        var pauses = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            Refuse();
            pauses.Add(_gate.PauseLeft.TotalSeconds);
            _time.Advance(_gate.PauseLeft);
            Assert.Equal(TimeSpan.Zero, _gate.PauseLeft);
        }

        foreach (var (i, pause) in pauses.Index())
        {
            var expected = Math.Min(5, 0.25 * Math.Pow(2, i));
            Assert.InRange(pause, expected * 0.75, expected * 1.25);
        }

        // Several processes must not come back at the same moment.
        Assert.True(pauses[^6..].Distinct().Count() > 1, string.Join(' ', pauses));
    }

    [Fact]
    public void Refused_ManyTriesAtOnce_CountAsOne()
    {
        var startedAt = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < 100; i++)
            _gate.Refused(new IOException("full"), "too many connections", startedAt);

        Assert.InRange(_gate.PauseLeft, ConnectionGate.FirstPause * 0.75, ConnectionGate.FirstPause * 1.25);
    }

    [Fact]
    public async Task OpenInTurn_DuringThePause_NobodyTriesAndThenOneAtATime()
    {
        Refuse();
        var first = new TaskCompletionSource<int>();
        var one = OpenAsync(() => first.Task);
        var two = OpenAsync();
        Assert.Equal(0, _opened.Count);

        _time.Advance(ConnectionGate.FirstPause * 1.25);
        await _opened.ReachesAsync(1);

        first.SetResult(7);
        Assert.Equal(7, await one);
        Assert.Equal(1, await two);
        Assert.Equal(2, _opened.Count);
    }

    [Fact]
    public async Task OpenInTurn_PauseIsLong_FailsWithinThePatienceAndSaysWhy()
    {
        for (var i = 0; i < 6; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Refuse();
        }

        var e = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => OpenAsync());

        Assert.Equal("database: too many connections", e.Message);
        Assert.InRange(e.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(7));
        Assert.Equal(0, _opened.Count);
    }

    [Fact]
    public async Task OpenInTurn_ServerIsSlow_CallerDoesNotWaitAndTheConnectionIsKept()
    {
        Refuse();
        _time.Advance(TimeSpan.FromSeconds(1));
        var slow = new TaskCompletionSource<int>();
        var caller = OpenAsync(() => slow.Task);

        _time.Advance(ConnectionGate.Patience);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => caller);
        // Still under way: nobody else tries.
        var next = OpenAsync();
        Assert.Equal(1, _opened.Count);
        Assert.False(next.IsCompleted);
        slow.SetResult(1);

        await next;
        await _givenBack.ReachesAsync(1);
        Assert.Equal(2, _opened.Count);
    }

    [Fact]
    public void IsCareful_NoRefusalForAWhile_Ends()
    {
        Assert.False(_gate.IsCareful);
        Refuse();
        Assert.True(_gate.IsCareful);

        _time.Advance(ConnectionGate.CarefulFor + ConnectionGate.LongestPause);

        Assert.False(_gate.IsCareful);
    }

    private void Refuse() => _gate.Refused(new IOException("full"), "too many connections", _time.GetTimestamp());

    private Task<int> OpenAsync(Func<Task<int>>? open = null) => _gate.OpenInTurnAsync(
        () =>
        {
            _opened.Add();
            return open?.Invoke() ?? Task.FromResult(1);
        },
        _ =>
        {
            _givenBack.Add();
            return ValueTask.CompletedTask;
        },
        CancellationToken.None);
}
