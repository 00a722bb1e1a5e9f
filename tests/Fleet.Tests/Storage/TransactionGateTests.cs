using System.Diagnostics.Metrics;
using Fleet.Core.Storage;
using Fleet.Core.Telemetry;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Storage;

/// <summary>How many transactions of handlers a process has open at once.</summary>
public sealed class TransactionGateTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TransactionGate _gate;
    private ConnectionRoom _room = new(Usable: 97, Used: 10, Foreign: 0, Workers: 8);
    private int _looks;

    public TransactionGateTests() => _gate = new TransactionGate(_time, most: 16);

    public ValueTask DisposeAsync() => _gate.DisposeAsync();

    [Fact]
    public async Task Enter_Full_WaitsInOrderOfArrival()
    {
        var open = await FillAsync(_gate);
        var first = _gate.EnterAsync(CancellationToken.None).AsTask();
        var second = _gate.EnterAsync(CancellationToken.None).AsTask();
        Assert.Equal((_gate.Limit, 2), (_gate.Open, _gate.Waiting));

        open[0].Dispose();
        var pass = await first.WaitAsync(Waiting.Limit);
        Assert.False(second.IsCompleted);
        pass.Dispose();
        pass.Dispose();
        await second.WaitAsync(Waiting.Limit);
        Assert.Equal((_gate.Limit, 0), (_gate.Open, _gate.Waiting));
    }

    [Fact]
    public async Task Enter_CanceledWhileItWaits_TakesNoPass()
    {
        var open = await FillAsync(_gate);
        using var stop = new CancellationTokenSource();
        var canceled = _gate.EnterAsync(stop.Token).AsTask();
        var other = _gate.EnterAsync(CancellationToken.None).AsTask();

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WaitAsync(Waiting.Limit));
        Assert.Equal(1, _gate.Waiting);
        open[0].Dispose();

        await other.WaitAsync(Waiting.Limit);
        Assert.Equal(_gate.Limit, _gate.Open);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _gate.EnterAsync(stop.Token).AsTask());
    }

    [Fact]
    public async Task Enter_ManyAtOnceWithCancellations_LosesNoPassAndNeverPassesTheLimit()
    {
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(n => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                using var stop = new CancellationTokenSource();
                var enter = _gate.EnterAsync(stop.Token).AsTask();
                if ((i + n) % 3 == 0)
                    _ = Task.Run(stop.Cancel);
                try
                {
                    using var pass = await enter.WaitAsync(Waiting.Limit);
                    InterlockedMax(ref most, _gate.Open);
                    await Task.Yield();
                    pass.Took(TimeSpan.FromMilliseconds(1));
                }
                catch (OperationCanceledException)
                {
                    // Given up before its turn came.
                }
            }
        })));

        Assert.Equal((0, 0), (_gate.Open, _gate.Waiting));
        Assert.InRange(most, 2, 16);
    }

    [Fact]
    public async Task Look_ServerNotSeenYet_AFewAndThenTheShare()
    {
        var seen = new TaskCompletionSource<ConnectionRoom?>();
        await using var gate = new TransactionGate(_time, _ => seen.Task);
        var open = await FillAsync(gate);
        Assert.Equal(TransactionGate.Unseen, open.Count);
        var waiting = gate.EnterAsync(CancellationToken.None).AsTask();

        seen.SetResult(_room);

        await waiting.WaitAsync(Waiting.Limit);
        // 97 connections, eight workers.
        Assert.Equal(6, gate.Limit);
    }

    [Fact]
    public async Task Look_MoreWorkersCome_GivesBackWhatIsTheirs()
    {
        _room = _room with { Workers = 1 };
        var less = new TaskCompletionSource();
        await using var gate = Looking();
        gate.OnLess = () => less.TrySetResult();
        await LookAsync(gate);
        var open = await FillAsync(gate);
        Assert.Equal(ThroughputLimit.Floor, open.Count);

        _room = _room with { Workers = 12 };
        await LookAsync(gate);

        await less.Task.WaitAsync(Waiting.Limit);
        Assert.Equal(2, gate.Limit);
        foreach (var pass in open[..^2])
            pass.Dispose();
        Assert.False(gate.EnterAsync(CancellationToken.None).AsTask().IsCompleted);
        open[^1].Dispose();
        Assert.Equal((2, 0), (gate.Open, gate.Waiting));
    }

    [Fact]
    public async Task Look_NobodyPasses_IsNotTaken()
    {
        await using var gate = Looking();
        await LookAsync(gate);
        var looks = _looks;

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(looks, _looks);
    }

    [Fact]
    public async Task Look_CannotBeTaken_AFewPassAllTheSame()
    {
        await using var gate = new TransactionGate(_time, _ => throw new InvalidOperationException("permission denied"));
        using var pass = await gate.EnterAsync(CancellationToken.None);

        await Waiting.UntilAsync(() => gate.Limit == ThroughputLimit.Floor);
    }

    [Fact]
    public async Task Refused_HalvesTheShareAndComesBack()
    {
        _room = _room with { Workers = 4 };
        await using var gate = Looking();
        await LookAsync(gate);
        Assert.Equal(16, gate.FindShare());

        gate.Refused();
        gate.Refused();
        Assert.Equal(8, gate.FindShare());
        _time.Advance(TimeSpan.FromSeconds(1));
        gate.Refused();
        Assert.Equal(4, gate.FindShare());

        for (var i = 0; i < 10; i++)
            await LookAsync(gate);
        Assert.Equal(16, gate.FindShare());
    }

    [Fact]
    public async Task LongWait_ManyWait_IsToldOnceAMinute()
    {
        var told = new List<TransactionsWait>();
        _gate.OnLongWait = told.Add;
        var open = await FillAsync(_gate);
        var waiting = Enumerable.Range(0, 20).Select(_ => _gate.EnterAsync(CancellationToken.None).AsTask()).ToArray();

        Step(TransactionGate.LongWait - TimeSpan.FromSeconds(1));
        Assert.Empty(told);
        Step(TimeSpan.FromSeconds(30));
        var wait = Assert.Single(told);
        Assert.Equal((20, open.Count, _gate.Limit), (wait.Waiting, wait.Open, wait.Limit));
        Assert.True(wait.Longest >= TransactionGate.LongWait);
        Step(TimeSpan.FromMinutes(1));
        Assert.Equal(2, told.Count);

        open.ForEach(pass => pass.Dispose());
        foreach (var pass in waiting)
            (await pass.WaitAsync(Waiting.Limit)).Dispose();
        Step(TimeSpan.FromMinutes(5));
        Assert.Equal(2, told.Count);
    }

    [Fact]
    public async Task Metrics_TellWhatIsOpenAllowedAndWaits()
    {
        var sums = new Dictionary<string, long>();
        var waits = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == FleetMetrics.Name
                    && instrument.Name.StartsWith("fleet.db.transactions", StringComparison.Ordinal))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        // Other tests of the process measure too: only what the calling thread measures counts.
        var thread = Environment.CurrentManagedThreadId;
        listener.SetMeasurementEventCallback<long>((i, value, _, _) =>
        {
            if (Environment.CurrentManagedThreadId == thread)
                sums[i.Name] = sums.GetValueOrDefault(i.Name) + value;
        });
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref waits));
        listener.Start();
        await using var gate = new TransactionGate(_time, most: 3);

        var passes = Enumerable.Range(0, 4).Select(_ => gate.EnterAsync(CancellationToken.None).AsTask()).ToArray();
        Assert.Equal((3, 1), (sums["fleet.db.transactions.open"], sums["fleet.db.transactions.waiting"]));
        Assert.Equal(3, sums["fleet.db.transactions.limit"]);
        (await passes[0]).Dispose();

        (await passes[3].WaitAsync(Waiting.Limit)).Dispose();
        Assert.True(Volatile.Read(ref waits) > 0);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private static async Task<List<TransactionPass>> FillAsync(TransactionGate gate)
    {
        var passes = new List<TransactionPass>();
        while (gate.Open < gate.Limit)
            passes.Add(await gate.EnterAsync(CancellationToken.None));
        return passes;
    }

    private TransactionGate Looking() => new(_time, _ =>
    {
        Interlocked.Increment(ref _looks);
        return Task.FromResult<ConnectionRoom?>(_room);
    });

    private async Task LookAsync(TransactionGate gate)
    {
        var looks = Volatile.Read(ref _looks);
        _time.Advance(TransactionGate.BetweenLooks);
        gate.FindShare();
        await Waiting.UntilAsync(() => Volatile.Read(ref _looks) > looks && gate.IsSeen);
    }

    private void Step(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
            _time.Advance(TimeSpan.FromSeconds(1));
    }
}
