using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Storage;

/// <summary>How many transactions of handlers a process has open at once.</summary>
public sealed class TransactionGateTests
{
    private readonly TransactionGate _gate = new(new FakeTimeProvider());

    [Fact]
    public async Task Enter_Full_WaitsInOrderOfArrival()
    {
        var open = await FillAsync();
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
        var open = await FillAsync();
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

    private async Task<List<TransactionPass>> FillAsync()
    {
        var passes = new List<TransactionPass>();
        while (_gate.Open < _gate.Limit)
            passes.Add(await _gate.EnterAsync(CancellationToken.None));
        return passes;
    }
}
