using Fleet.Core.Loops;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Loops;

public sealed class SetbacksTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(Verbs.Noon);
    private readonly LogLines<Setbacks> _log = new();
    private readonly Setbacks _setbacks;

    public SetbacksTests() => _setbacks = new Setbacks("test", "lane", e => e is TimeoutException, _time, _log);

    public ValueTask DisposeAsync() => _setbacks.DisposeAsync();

    [Fact]
    public async Task TryEach_OneFails_IsLeftOutForAGrowingPauseWithOneLine()
    {
        Assert.Equal(["b"], await EachAsync(["a", "b"], a: new IOException("refused")));
        Assert.Equal(["a"], _setbacks.LeftOut);
        Assert.Empty(await EachAsync(["a"], a: null));

        var pauses = new List<TimeSpan>();
        for (var i = 0; i < 10; i++)
        {
            pauses.Add(_setbacks.PauseOf("a"));
            _time.Advance(_setbacks.PauseOf("a"));
            Assert.Empty(await EachAsync(["a"], a: new IOException("refused")));
        }

        Assert.InRange(pauses[0], Setbacks.FirstPause * 0.75, Setbacks.FirstPause * 1.25);
        Assert.InRange(pauses[3], Setbacks.FirstPause * 6, Setbacks.FirstPause * 10);
        Assert.Equal(Setbacks.LongestPause, pauses[^1]);
        var line = Assert.Single(_log.All);
        Assert.StartsWith("Loop test skips lane 'a' and tries it again in 00:00:0", line, StringComparison.Ordinal);
        Assert.EndsWith("later after growing pauses: refused", line, StringComparison.Ordinal);

        _time.Advance(Setbacks.LongestPause);
        Assert.Equal(["a"], await EachAsync(["a"], a: null));
        Assert.Empty(_setbacks.LeftOut);
        Assert.StartsWith("Loop test: lane 'a' works again after 11 failure(s)", _log.All[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryEach_NobodySucceeds_IsAnOutageOfTheWholeLoopWithoutALine()
    {
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<TimeoutException>(() => EachAsync(["a", "b"], a: new TimeoutException(), b: new TimeoutException()));
            Assert.InRange(_setbacks.PauseOf("a"), TimeSpan.FromTicks(1), Setbacks.LongestDoubt);
            _time.Advance(Setbacks.LongestDoubt);
        }

        Assert.Empty(_log.All);
        Assert.Equal(["a", "b"], (await EachAsync(["a", "b"], a: null)).Order());
    }

    [Fact]
    public async Task TryEach_OneSucceedsAfterAnOutage_TheOthersAreTriedAtOnce()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => EachAsync(["a"], a: new TimeoutException()));

        await EachAsync(["b"], a: null);

        Assert.Empty(_setbacks.LeftOut);
    }

    [Fact]
    public async Task TryEach_MayBeAnOutageButOthersSucceed_CountsAgainstTheItemFromTheSecondTimeOn()
    {
        // What one item does to a connection that all share, the others feel once.
        Assert.Equal(["b"], await EachAsync(["a", "b"], a: new TimeoutException()));
        Assert.Empty(_log.All);
        _time.Advance(Setbacks.LongestDoubt);

        Assert.Equal(["b"], await EachAsync(["a", "b"], a: new TimeoutException("slow")));

        Assert.Contains("skips lane 'a'", Assert.Single(_log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryEach_OneHangs_IsLeftBehindAndFollowedWhenItEnds()
    {
        var (open, late) = (new TaskCompletionSource(), new List<string>());
        var pass = _setbacks.TryEachAsync(["hangs", "b"], key => key == "b" ? Task.CompletedTask : open.Task, Late, CancellationToken.None);
        Assert.False(pass.IsCompleted);
        _time.Advance(Setbacks.Patience);

        Assert.Equal(["b"], await pass);
        Assert.Equal(["hangs"], _setbacks.LeftOut);
        Assert.Empty(await _setbacks.TryEachAsync(["hangs"], _ => Task.CompletedTask, Late, CancellationToken.None));

        open.SetResult();
        await Waiting.UntilAsync(() => _setbacks.LeftOut.Count == 0);
        Assert.Equal(["hangs"], late);
        Assert.Empty(_log.All);

        Task Late(string key)
        {
            late.Add(key);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task TryEach_OneIsKnownToFail_IsNotWaitedFor()
    {
        await EachAsync(["a"], a: new IOException());
        _time.Advance(Setbacks.LongestPause);
        var open = new TaskCompletionSource();

        var pass = _setbacks.TryEachAsync(
            ["a", "b"], key => key == "b" ? Task.CompletedTask : open.Task, _ => Task.CompletedTask, CancellationToken.None);

        Assert.True(pass.IsCompleted);
        open.SetResult();
    }

    [Fact]
    public async Task TryEach_WhatWasLeftBehindMeetsAnOutage_TheNextPassTells()
    {
        var open = new TaskCompletionSource();
        var pass = _setbacks.TryEachAsync(["hangs"], _ => open.Task, _ => Task.CompletedTask, CancellationToken.None);
        _time.Advance(Setbacks.Patience);
        await pass;
        open.SetException(new TimeoutException("no answer"));

        await Waiting.UntilAsync(() =>
        {
            try
            {
                _setbacks.ThrowIfOutage();
                return false;
            }
            catch (TimeoutException)
            {
                return true;
            }
        });
    }

    [Fact]
    public async Task Try_Fails_TheOthersGoOn()
    {
        Assert.False(await TryAsync("a", new InvalidOperationException("broken")));
        Assert.True(await TryAsync("b", null));
        Assert.False(await TryAsync("a", null));
        Assert.Single(_log.All);
    }

    [Fact]
    public async Task Try_TakesTooLongEachTimeWhileOthersSucceed_IsLeftOutToo()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => TryAsync("a", new TimeoutException()));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(["a"], _setbacks.LeftOut);
            _time.Advance(Setbacks.LongestDoubt);
            Assert.True(await TryAsync("b", null));
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.False(await TryAsync("a", new TimeoutException()));
        }

        Assert.Contains("skips lane 'a'", Assert.Single(_log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeftOut_ManyOrOld_AreForgotten()
    {
        var error = new InvalidOperationException();
        for (var i = 0; i < Setbacks.MaxItems + 1; i++)
            _setbacks.SetBack($"{i}", error);
        Assert.InRange(_setbacks.LeftOut.Count, Setbacks.MaxItems / 2, Setbacks.MaxItems);

        _time.Advance(Setbacks.ForgetAfter + Setbacks.LongestPause);

        Assert.Empty(_setbacks.LeftOut);
        Assert.Empty(_setbacks.Suspects);
    }

    private Task<IReadOnlySet<string>> EachAsync(string[] keys, Exception? a, Exception? b = null) => _setbacks.TryEachAsync(
        keys, key => (key == "a" ? a : b) is { } error ? Task.FromException(error) : Task.CompletedTask, _ => Task.CompletedTask,
        CancellationToken.None);

    private Task<bool> TryAsync(string key, Exception? error) =>
        _setbacks.TryAsync(key, () => error is null ? Task.CompletedTask : Task.FromException(error), CancellationToken.None);
}
