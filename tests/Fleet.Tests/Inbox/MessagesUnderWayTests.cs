using Fleet.Core.Inbox;

namespace Fleet.Tests.Inbox;

public sealed class MessagesUnderWayTests
{
    private readonly MessagesUnderWay _underWay = new();
    private readonly Guid[] _ids = [.. Enumerable.Range(0, 3).Select(_ => Guid.NewGuid()).Order()];

    [Fact]
    public async Task Enter_SameMessage_WaitsUntilTheFirstEnds()
    {
        var first = await EnterAsync("mail", _ids[0]);

        var second = EnterAsync("mail", _ids[0]);
        Assert.False(second.IsCompleted);
        (await EnterAsync("invoice", _ids[0])).Dispose();
        (await EnterAsync("mail", _ids[1])).Dispose();
        first.Dispose();

        (await second).Dispose();
    }

    [Fact]
    public async Task Enter_BatchesThatShareMessages_DoNotWaitForEachOther()
    {
        var first = await EnterAsync("mail", _ids[1]);

        var batches = new[] { EnterAsync("mail", _ids), EnterAsync("mail", [.. _ids.Reverse()]) };
        first.Dispose();

        var next = await Task.WhenAny(batches);
        (await next).Dispose();
        foreach (var batch in batches.Where(b => b != next))
            (await batch).Dispose();
    }

    [Fact]
    public async Task Enter_CanceledWhileItWaits_GivesBackWhatItHad()
    {
        using var canceled = new CancellationTokenSource();
        using var last = await EnterAsync("mail", _ids[2]);
        var waiting = _underWay.EnterAsync("mail", _ids, canceled.Token).AsTask();

        await canceled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        (await EnterAsync("mail", _ids[0], _ids[1])).Dispose();
    }

    private Task<IDisposable> EnterAsync(string consumer, params Guid[] ids) =>
        _underWay.EnterAsync(consumer, ids, CancellationToken.None).AsTask();
}
