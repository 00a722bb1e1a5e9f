using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Testing;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Runs;

/// <summary>When the nudge of a run is sent before its commit, and when it is not (ADR 0015).</summary>
public sealed class EarlyNudgesTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();
    private readonly ScriptedTransport _transport = new();
    private readonly StorageGate<IReadOnlyList<EnqueueOutcome>> _gate = new();
    private EmbeddedFleet _fleet = null!;

    public async ValueTask InitializeAsync() => _fleet = await StartAsync(_transport);

    public async ValueTask DisposeAsync()
    {
        _gate.Dispose();
        await _fleet.DisposeAsync();
    }

    [Fact]
    public async Task RunAlone_AfterAQuickCommit_IsNudgedOnceAndBeforeItsOwn()
    {
        var (enqueuing, nudged) = await BeginAsync();
        Assert.False(enqueuing.IsCompleted);
        _gate.Dispose();

        Assert.Equal(("default", await enqueuing), nudged);
        Assert.Equal(1, _transport.Early);
        // Another nudge of it would be sent before that of the next run.
        Assert.Equal(1, await CountEarlyAsync(() => EnqueueAsync()));
    }

    [Fact]
    public async Task RunAlone_ItsCommitTakesLong_IsNudgedAgainAfterIt()
    {
        var (enqueuing, early) = await BeginAsync();

        _time.Advance(EnqueueRuns.QuickCommit);
        _gate.Dispose();

        Assert.Equal(("default", await enqueuing), early);
        Assert.Equal(early, await _transport.NextAsync());
        Assert.Equal(1, _transport.Early);
        // The next one waits for its commit.
        Assert.Equal(0, await CountEarlyAsync(() => EnqueueAsync()));
        Assert.Equal(1, await CountEarlyAsync(() => EnqueueAsync()));
    }

    [Fact]
    public async Task RunAlone_AfterACommitThatFailed_IsNudgedAfterItsOwn()
    {
        var (enqueuing, _) = await BeginAsync();

        _gate.Fail();
        await Assert.ThrowsAsync<IOException>(() => enqueuing);

        Assert.Equal(0, await CountEarlyAsync(() => EnqueueAsync()));
    }

    [Fact]
    public async Task RunThatMayExistOrComesWithOthersOrIsDueLater_IsNudgedAfterItsCommit()
    {
        await CountEarlyAsync(() => EnqueueAsync());

        Assert.Equal(0, await CountEarlyAsync(() => EnqueueAsync(new EnqueueOptions { IdempotencyKey = "once" })));
        Assert.Equal(0, await CountEarlyAsync(async () => (await _fleet.Client.EnqueueManyAsync([new Scripted()]))[0]));
        var delayed = await EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromMinutes(1) });
        Assert.Equal(1, await CountEarlyAsync(() => EnqueueAsync()));
        Assert.DoesNotContain(_transport.TakeReady(), n => n.Id == delayed);
    }

    [Fact]
    public async Task RunsThatShareACommit_AreNudgedAfterIt()
    {
        var (first, _) = await BeginAsync();
        Task<RunId>[] others = [EnqueueAsync(), EnqueueAsync()];
        _gate.Dispose();

        await Task.WhenAll([first, .. others]);

        RunId[] nudged = [(await _transport.NextAsync()).Id, (await _transport.NextAsync()).Id];
        Assert.Equal(others.Select(o => o.Result).Order(), nudged.Order());
        Assert.Equal(1, _transport.Early);
    }

    [Fact]
    public async Task WithinAProcess_NudgesFollowTheCommit()
    {
        var transport = new ScriptedTransport { ReachesOtherProcesses = false };
        await using var fleet = await StartAsync(transport);

        var before = new HashSet<RunId>();
        for (var i = 0; i < 3; i++)
        {
            var id = await fleet.Client.EnqueueAsync(new Scripted());
            var nudged = (await transport.NextAsync()).Id;
            // The leader, which has just begun, may nudge a run once more: in memory it nudges all that wait.
            while (before.Contains(nudged))
                nudged = (await transport.NextAsync()).Id;
            Assert.Equal(id, nudged);
            before.Add(id);
        }

        Assert.Equal(0, transport.Early);
    }

    private Task<EmbeddedFleet> StartAsync(ScriptedTransport transport) => ScriptedFleet.StartAsync(
        Script.Of(_ => { }),
        _time,
        configure: services =>
        {
            services.AddTransport(transport);
            _gate.AddTo(services);
        });

    private Task<RunId> EnqueueAsync(EnqueueOptions? options = null) => _fleet.Client.EnqueueAsync(new Scripted(), options);

    /// <summary>Stores a run, which is nudged after its commit, and enqueues a second, whose commit waits at the gate.</summary>
    /// <returns>The call under way, and the nudge that was sent meanwhile.</returns>
    private async Task<(Task<RunId> Enqueuing, (string Lane, RunId Id) Nudge)> BeginAsync()
    {
        Assert.Equal(0, await CountEarlyAsync(() => EnqueueAsync()));
        _gate.Close();
        var enqueuing = EnqueueAsync();
        return (enqueuing, await _transport.NextAsync());
    }

    /// <returns>How many early nudges the run had; it has to have exactly one nudge before the next run is enqueued.</returns>
    private async Task<int> CountEarlyAsync(Func<Task<RunId>> enqueue)
    {
        var before = _transport.Early;
        var id = await enqueue();
        Assert.Equal(("default", id), await _transport.NextAsync());
        return _transport.Early - before;
    }
}
