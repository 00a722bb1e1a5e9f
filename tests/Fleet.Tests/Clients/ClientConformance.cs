using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Clients;

[Job("client.word", Lane = "words")]
public sealed record ClientWord(string Word, int Number = 0);

[Job("client.odd")]
public sealed record ClientOdd(double Value);

[Job("client.unknown")]
public sealed record ClientUnknown;

public sealed record ClientNameless;

internal sealed class ClientWordJob : IJob<ClientWord, string>
{
    public async Task<string> RunAsync(ClientWord args, JobContext context, CancellationToken ct)
    {
        if (args.Word == "wait")
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        return args.Word == "fail" ? throw new NonRetryableException("Said to fail.") : args.Word.ToUpperInvariant();
    }
}

internal sealed class ClientOddJob : IJob<ClientOdd>
{
    public Task RunAsync(ClientOdd args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>One Fleet, and the clients of a program that uses it.</summary>
public abstract class ClientFleet : IAsyncLifetime
{
    private EmbeddedFleet? _fleet;

    public EmbeddedFleet Fleet => _fleet!;

    public abstract IFleetClient Runs { get; }

    public abstract IScheduleClient Schedules { get; }

    public virtual async ValueTask InitializeAsync() => _fleet = await EmbeddedFleet.StartAsync(
        services => services.AddFleetJobs(jobs => jobs.Add<ClientWordJob>().Add<ClientOddJob>()));

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Fleet.DisposeAsync();
    }
}

/// <summary>What every client has to do, in process or over HTTP: the same results, the same exceptions, the same words.</summary>
public abstract partial class ClientConformance(ClientFleet fleet)
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected IFleetClient Runs => fleet.Runs;

    protected IScheduleClient Schedules => fleet.Schedules;

    protected static string Unique(string prefix) => $"{prefix}-{Guid.NewGuid():N}";

    [Fact]
    public async Task EnqueueAsync_ThenWait_ReturnsTheRunAsItEnded()
    {
        var id = await Runs.EnqueueAsync(new ClientWord("hello", 3), new EnqueueOptions { Tags = ["a", "b"] }, Ct);

        var run = await WaitAsync(id);

        Assert.Equal(
            (id, "client.word", "words", RunState.Succeeded, 1, "\"HELLO\""),
            (run.Id, run.Job, run.Lane, run.State, run.Attempt, run.OutputJson));
        Assert.Equal("""{"word":"hello","number":3}""", run.ArgsJson);
        Assert.Equal(["a", "b"], run.Tags);
        Assert.True(run.HasEnded && run.StartedAt is not null && run.FinishedAt is not null);
    }

    [Fact]
    public async Task WaitAsync_RunThatFails_ReturnsTheError()
    {
        var run = await WaitAsync(await Runs.EnqueueAsync(new ClientWord("fail"), ct: Ct));

        Assert.Equal((RunState.Failed, "Said to fail."), (run.State, run.Error));
        Assert.Null(run.OutputJson);
    }

    [Fact]
    public async Task EnqueueAsync_WithOptions_KeepsThem()
    {
        var due = new DateTimeOffset(2035, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));
        var id = await Runs.EnqueueAsync(new ClientWord("later"), new EnqueueOptions { RunAt = due, Lane = "other" }, Ct);
        var delayed = await Runs.EnqueueAsync(new ClientWord("later"), new EnqueueOptions { Delay = TimeSpan.FromDays(2.5) }, Ct);

        var (run, later) = (await Runs.GetAsync(id, Ct), await Runs.GetAsync(delayed, Ct));

        Assert.Equal((RunState.Pending, "other", 0, due), (run!.State, run.Lane, run.Attempt, run.DueAt));
        Assert.Equal(TimeSpan.FromDays(2.5), later!.DueAt - later.CreatedAt);
    }

    [Fact]
    public async Task GetAndWaitAsync_NoSuchRun_ReturnNull()
    {
        var unknown = RunId.New(TimeProvider.System.GetUtcNow());

        Assert.Null(await Runs.GetAsync(unknown, Ct));
        Assert.Null(await Runs.WaitAsync(unknown, Ct));
        Assert.Equal(CancelResult.NotFound, await Runs.CancelAsync(unknown, ct: Ct));
    }

    [Fact]
    public async Task DeleteAsync_TakesRunsThatHaveEnded()
    {
        var options = new EnqueueOptions { Delay = TimeSpan.FromHours(1), IdempotencyKey = Unique("deleted") };
        var id = await Runs.EnqueueAsync(new ClientWord("later"), options, Ct);

        Assert.Equal(DeleteResult.NotEnded, await Runs.DeleteAsync(id, Ct));
        await Runs.CancelAsync(id, ct: Ct);
        Assert.Equal(DeleteResult.Deleted, await Runs.DeleteAsync(id, Ct));

        Assert.Equal(DeleteResult.NotFound, await Runs.DeleteAsync(id, Ct));
        Assert.Null(await Runs.GetAsync(id, Ct));
        Assert.Null(await Runs.WaitAsync(id, Ct));
        Assert.Equal(id, await Runs.EnqueueAsync(new ClientWord("later"), options, Ct));
    }

    [Fact]
    public async Task EnqueueManyAsync_StoresAllInOrder()
    {
        ClientWord[] words = [.. Enumerable.Range(0, 20).Select(i => new ClientWord("n", i))];

        var ids = await Runs.EnqueueManyAsync(words, new EnqueueOptions { Delay = TimeSpan.FromHours(1) }, Ct);

        Assert.Equal(20, ids.Distinct().Count());
        Assert.Equal("""{"word":"n","number":7}""", (await Runs.GetAsync(ids[7], Ct))!.ArgsJson);
        Assert.Empty(await Runs.EnqueueManyAsync(Array.Empty<ClientWord>(), ct: Ct));
    }

    [Fact]
    public async Task EnqueueAsync_SameKeyAtOnce_MakesOneRun()
    {
        var options = new EnqueueOptions { IdempotencyKey = Unique("key"), Delay = TimeSpan.FromHours(1) };

        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Runs.EnqueueAsync(new ClientWord("once"), options, Ct)));

        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task EnqueueAsync_KeyOfAnotherRequest_ThrowsWithTheRunThatHasIt()
    {
        var options = new EnqueueOptions { IdempotencyKey = Unique("key"), Delay = TimeSpan.FromHours(1) };
        var first = await Runs.EnqueueAsync(new ClientWord("one"), options, Ct);

        var e = await Assert.ThrowsAsync<IdempotencyConflictException>(() => Runs.EnqueueAsync(new ClientWord("two"), options, Ct));

        Assert.Equal((first, options.IdempotencyKey, "idempotencyKey"), (e.Existing, e.Key, e.Field));
        Assert.Equal(new IdempotencyConflictException(options.IdempotencyKey, first).Message, e.Message);
    }

    [Fact]
    public async Task EnqueueManyAsync_OneKeyForDifferentArgs_RefusesAll()
    {
        var options = new EnqueueOptions { IdempotencyKey = Unique("key") };

        var e = await Assert.ThrowsAsync<InvalidRunException>(
            () => Runs.EnqueueManyAsync([new ClientWord("one"), new ClientWord("two")], options, Ct));

        Assert.Equal(("idempotency_conflict", "runs[1].idempotencyKey"), (e.Error.Code, e.Error.Field));
    }

    [Fact]
    public async Task CancelAsync_TellsWhatItDid()
    {
        var pending = await Runs.EnqueueAsync(new ClientWord("later"), new EnqueueOptions { Delay = TimeSpan.FromHours(1) }, Ct);
        var running = await Runs.EnqueueAsync(new ClientWord("wait"), ct: Ct);
        await Waiting.UntilAsync(async () => (await Runs.GetAsync(running, Ct))!.State == RunState.Running);

        Assert.Equal(CancelResult.Canceled, await Runs.CancelAsync(pending, "Not needed.", Ct));
        Assert.Equal(CancelResult.Requested, await Runs.CancelAsync(running, ct: Ct));
        Assert.Equal(CancelResult.AlreadyEnded, await Runs.CancelAsync(pending, ct: Ct));
        var canceled = await Runs.GetAsync(pending, Ct);
        Assert.Equal((RunState.Canceled, "Not needed."), (canceled!.State, canceled.Error));
        Assert.Equal(RunState.Canceled, (await WaitAsync(running)).State);
    }

    [Fact]
    public async Task WaitAsync_CallerGivesUp_ThrowsOperationCanceled()
    {
        var id = await Runs.EnqueueAsync(new ClientWord("later"), new EnqueueOptions { Delay = TimeSpan.FromHours(1) }, Ct);
        using var stop = new CancellationTokenSource();
        var waiting = Runs.WaitAsync(id, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(RunState.Pending, (await Runs.GetAsync(id, Ct))!.State);
    }

    public static TheoryData<string, EnqueueOptions> BadOptions => new()
    {
        { "lane: 'No Such' is not allowed; allowed is ", new EnqueueOptions { Lane = "No Such" } },
        { "delay: '-00:00:01' is not allowed; allowed is ", new EnqueueOptions { Delay = TimeSpan.FromSeconds(-1) } },
        { "delay: '3651.00:00:00' is not allowed; allowed is ", new EnqueueOptions { Delay = TimeSpan.FromDays(3651) } },
        { "delay: '-10675199.02:48:05.4775808' is not allowed; allowed is ", new EnqueueOptions { Delay = TimeSpan.MinValue } },
        { "delay: give either delay or runAt, not both.", new EnqueueOptions { Delay = TimeSpan.Zero, RunAt = DateTimeOffset.UnixEpoch } },
        { "runAt: '9999-12-31T23:59:59", new EnqueueOptions { RunAt = DateTimeOffset.MaxValue } },
        { "maxAttempts: '0' is not allowed; allowed is ", new EnqueueOptions { MaxAttempts = 0 } },
        { "tags: '17 tags' is not allowed; allowed is ", new EnqueueOptions { Tags = [.. Enumerable.Repeat("t", 17)] } },
        { "tags[1]: ", new EnqueueOptions { Tags = ["a", ""] } },
        { "idempotencyKey: 'ä' is not allowed; allowed is ", new EnqueueOptions { IdempotencyKey = "ä" } },
        { "idempotencyKey: '' is not allowed; allowed is ", new EnqueueOptions { IdempotencyKey = "" } },
    };

    [Theory]
    [MemberData(nameof(BadOptions), DisableDiscoveryEnumeration = true)]
    public async Task EnqueueAsync_BadOption_IsRefusedByName(string message, EnqueueOptions options)
    {
        var one = await Assert.ThrowsAsync<InvalidRunException>(() => Runs.EnqueueAsync(new ClientWord("x"), options, Ct));
        var many = await Assert.ThrowsAsync<InvalidRunException>(() => Runs.EnqueueManyAsync([new ClientWord("x")], options, Ct));

        Assert.StartsWith(message, one.Message, StringComparison.Ordinal);
        Assert.Equal("runs[0]." + one.Message, many.Message);
        Assert.Equal("runs[0]." + one.Error.Field, many.Error.Field);
        Assert.Equal(await InProcessErrorAsync(options), one.Error);
    }

    [Fact]
    public async Task EnqueueAsync_ArgsThatAreNoJson_AreRefusedByName()
    {
        var e = await Assert.ThrowsAsync<InvalidRunException>(() => Runs.EnqueueAsync(new ClientOdd(double.NaN), ct: Ct));

        Assert.StartsWith("args: they cannot be written as JSON: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnqueueAsync_TooLargeArgs_AreRefused()
    {
        var e = await Assert.ThrowsAsync<InvalidRunException>(() => Runs.EnqueueAsync(new ClientWord(new string('x', 300_000)), ct: Ct));

        Assert.Equal(("args_too_large", "args"), (e.Error.Code, e.Error.Field));
    }

    [Fact]
    public async Task EnqueueAsync_UnknownJob_IsRefusedByName()
    {
        var e = await Assert.ThrowsAsync<InvalidRunException>(() => Runs.EnqueueAsync(new ClientUnknown(), ct: Ct));

        Assert.Equal(("unknown_job", "job", "client.unknown"), (e.Error.Code, e.Error.Field, e.Error.Value));
        Assert.StartsWith("job: 'client.unknown' is not a known job; ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnqueueAsync_TypeWithoutAJob_Throws()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => Runs.EnqueueAsync(new ClientNameless(), ct: Ct));

        Assert.Equal("Fleet.Tests.Clients.ClientNameless names no job: it has no [Job(\"name\")] attribute.", e.Message);
    }

    private async Task<InputError> InProcessErrorAsync(EnqueueOptions options) => (await Assert.ThrowsAsync<InvalidRunException>(
        () => fleet.Fleet.Client.EnqueueAsync(new ClientWord("x"), options, Ct))).Error;

    private async Task<RunInfo> WaitAsync(RunId id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        return (await Runs.WaitAsync(id, limit.Token))!;
    }
}
