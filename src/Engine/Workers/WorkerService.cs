using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Core.Workers;
using Fleet.Engine.Execution;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Workers;

/// <summary>The life of a worker in a process: register, listen, beat; at a stop: listen no more, let runs finish, give the
/// rest back, leave.</summary>
public sealed partial class WorkerService(
    RegisterWorkers workers,
    PublishJobs publish,
    KeepHandlerLines handlerLines,
    ClaimRuns claim,
    SubmitRuns submit,
    ExecuteRuns execute,
    RunningRuns running,
    RunReports reports,
    FlushFigures figures,
    HeartbeatLoop heartbeat,
    WorkerStanding standing,
    PauseLanes pauses,
    NudgeWaiting nudgeWaiting,
    WakeLoop wake,
    WorkerIdentity identity,
    WorkerLanes lanes,
    TransactionSlots ofTransactions,
    IStorage storage,
    ILaneSource source,
    INudgeSender nudges,
    IBelt belt,
    ILaneGauge gauge,
    IControlChannel control,
    ITransport transport,
    IOptions<WorkerOptions> options,
    IOptions<RetryOptions> retry,
    JobRegistry jobs,
    TimeProvider time,
    ILogger<WorkerService> logger) : IHostedService, IAsyncDisposable, IDisposable
{
    /// <summary>How long handlers may take to stop once the drain time is over.</summary>
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(2);

    /// <summary>How long the transport may take to end the subscriptions; longer than a broker that answers ever needs.</summary>
    private static readonly TimeSpan StopListeningGrace = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopLoops = new();
    private readonly List<IAsyncDisposable> _subscriptions = [];
    private LaneSubscription[] _lanes = [];
    private Task _loops = Task.CompletedTask;
    private int _isRunning;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _isRunning = 1;
        handlerLines.Start();
        if (storage.Transactions is { } transactions)
            transactions.OnLongWait = w => LogTransactionsWait(w.Waiting, w.Longest, w.Open, w.Limit, w.Share);
        // 1. Broker and database do not wait for each other, nor for the code of either to be compiled.
        var listening = Task.Run(() => ListenToControlAsync(cancellationToken), cancellationToken);
        _ = Task.Run(RehearseClaimAsync, cancellationToken);
        await Task.WhenAll(RegisterAsync(cancellationToken), listening);
        // 2. Listen. A lane that is paused from now on is closed by the next heartbeat.
        _lanes = [.. lanes.Slots.Keys.Select(Subscription)];
        await standing.StartAsync(_lanes, await pauses.ListAsync(cancellationToken), cancellationToken);
        WarnOfShortGrace();
        TellOfOtherLanes();
        TellOfOtherRules();
        LogStarted(lanes.WorkerName, identity.Id, string.Join(", ", lanes.Slots.Select(l => $"{l.Key}={l.Value}")));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isRunning, 0) == 0)
            return;
        WarnOfShortGrace();
        await StopAsync(options.Value.Drain, cancellationToken);
    }

    /// <summary>A host whose start failed, or that nobody stopped, is only disposed. Runs under way are given back at once, because the
    /// services of their handlers are disposed, too.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isRunning, 0) == 1)
            await StopAsync(TimeSpan.Zero, CancellationToken.None);
        Dispose();
    }

    public void Dispose() => _stopLoops.Dispose();

    private async Task StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        // 1. Take nothing new. Nudges that wait for a slot are let go. The row says so at once: should the process be killed before it is
        // done, its runs are released and not blamed.
        foreach (var lane in _lanes)
            lane.Stop();
        var told = identity.Id == default ? Task.CompletedTask : TellAsync(() => workers.DrainAsync(identity.Id, CancellationToken.None));
        await StopListeningAsync(cancellationToken);
        if (identity.Id != default)
        {
            // 2. Let what runs finish; heartbeats go on meanwhile.
            LogDraining(running.Count, drain);
            if (!await SettledWithinAsync(drain, cancellationToken))
            {
                // 3. Give the rest back.
                LogReleasing(running.Count);
                foreach (var handle in running.All)
                    handle.Stop(StopCause.Drained, DrainGrace);
                await SettledWithinAsync(DrainGrace * 2, cancellationToken);
            }
        }

        await told;
        // 4. Flush, and leave.
        await _stopLoops.CancelAsync();
        await _loops;
        await TellAsync(() => reports.FlushAsync(CancellationToken.None));
        await TellAsync(() => figures.FlushAsync(CancellationToken.None));
        if (identity.Id != default)
            await TellAsync(() => workers.LeaveAsync(identity.Id, CancellationToken.None));
        LogStopped(lanes.WorkerName);
    }

    private async Task RegisterAsync(CancellationToken ct)
    {
        // 1. Say what we can do, before anybody asks for it.
        await publish.ExecuteAsync(ThisProcess.Worker, ct);
        // 2. Be alive, before anything is claimed under our name.
        var begun = time.GetTimestamp();
        identity.Renewed(await workers.RegisterAsync(lanes.WorkerName, lanes.Slots, options.Value.Lease, ct), begun);
        _loops = Task.WhenAll(
            heartbeat.RunAsync(_stopLoops.Token), reports.RunAsync(_stopLoops.Token), figures.RunAsync(_stopLoops.Token),
            wake.RunAsync(_stopLoops.Token));
    }

    /// <summary>Claims a run that does not exist for a worker that does not: the first run does not wait for a connection and for code that
    /// was never called. Nobody waits for it; the disposal of <see cref="ClaimRuns"/> does.</summary>
    private async Task RehearseClaimAsync()
    {
        var now = time.GetUtcNow();
        try
        {
            await claim.ExecuteAsync(WorkerId.New(now), RunId.New(now), CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotRehearsed(e);
        }
    }

    private async Task ListenToControlAsync(CancellationToken ct) => Keep(await control.SubscribeControlAsync(OnControlAsync, ct));

    private LaneSubscription Subscription(string lane)
    {
        var slots = lanes.Slots[lane];
        var listener = new LaneListener(
            lane, slots, lanes.MostOf(lane), ofTransactions, claim, execute, running, identity, heartbeat, nudges, belt, gauge, transport,
            options, time, logger);
        figures.Watch(lane, listener.Slots);
        return new LaneSubscription(lane, slots, listener, submit, source, nudgeWaiting, transport, time, logger);
    }

    private void WarnOfShortGrace()
    {
        var needed = options.Value.Drain + WorkerOptions.StopReserve;
        if (options.Value.KillAfter is { } grace && grace < needed)
            LogShortGrace(grace, options.Value.Drain, WorkerOptions.StopReserve);
    }

    private void Keep(IAsyncDisposable subscription)
    {
        lock (_subscriptions)
            _subscriptions.Add(subscription);
    }

    /// <summary>Ends the subscriptions. A broker in trouble does not keep the runs from being drained: nothing new is taken
    /// any more in either case.</summary>
    private async Task StopListeningAsync(CancellationToken ct)
    {
        try
        {
            var all = _subscriptions.Concat(_lanes);
            await Task.WhenAll(all.Select(s => s.DisposeAsync().AsTask())).WaitAsync(StopListeningGrace, time, ct);
        }
        catch (Exception e)
        {
            LogStillListening(StopListeningGrace, e);
        }
    }

    /// <summary>Tells the database something that it also finds out by itself: a stop goes on without.</summary>
    private async Task TellAsync(Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception e)
        {
            LogNotTold(e);
        }
    }

    private Task OnControlAsync(ControlMessage message, CancellationToken ct)
    {
        // The heartbeat reads it: one way for what is told and for what was not heard.
        if (message.StandingChanged)
            heartbeat.Wake();
        foreach (var id in message.CancelRuns ?? [])
        {
            if (running.Stop(id, StopCause.Canceled))
                LogAskedToStop(id, message.By is { } by ? Actor.FromRow(by).ToString() : "somebody");
        }

        return Task.CompletedTask;
    }

    private async Task<bool> SettledWithinAsync(TimeSpan limit, CancellationToken ct)
    {
        try
        {
            await AllSettledAsync().WaitAsync(limit, time, ct);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Again and again: the answer to a claim may come during the drain.</summary>
    private async Task AllSettledAsync()
    {
        while (running.All.Select(handle => handle.Settled).Where(settled => !settled.IsCompleted).ToArray() is { Length: > 0 } left)
            await Task.WhenAll(left);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Waiting} run(s) wait to open a transaction, the first for {Longest}: {Open} transactions are open, "
            + "the limit is {Limit}, and the share of this process is {Share} connections. "
            + "The usual reasons are handlers that keep a transaction open for long, or a server with few connections.")]
    private partial void LogTransactionsWait(int waiting, TimeSpan longest, int open, int limit, int share);

    /// <summary>A lane that is misspelt in the configuration would serve nothing, and its job would wait without a word.</summary>
    private void TellOfOtherLanes()
    {
        foreach (var (lane, names) in lanes.NotServed)
            LogNotServed(lane, string.Join(", ", names));
        foreach (var (lane, nearest) in lanes.Doubtful)
            LogDoubtful(lane, nearest);
    }

    /// <summary>The rules of a misspelt job would never be used. Those of a job that only other workers know do no harm.</summary>
    private void TellOfOtherRules()
    {
        foreach (var job in retry.Value.Jobs.Keys.Where(job => jobs.Find(job) is null))
        {
            if (Nearest.To(job, jobs.Names) is { } nearest)
                LogOtherRules($"{RetryOptions.Section}:Jobs:{job}", nearest);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Setting} is for a job that this worker does not know; did you mean '{Nearest}'?")]
    private partial void LogOtherRules(string setting, string nearest);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "This worker does not serve lane {Lane}: runs of {Jobs} wait there for another worker.")]
    private partial void LogNotServed(string lane, string jobs);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "This worker serves lane {Lane}, which none of its jobs names; did you mean '{Nearest}'?")]
    private partial void LogDoubtful(string lane, string nearest);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} ({WorkerId}) listens: {Lanes}.")]
    private partial void LogStarted(string worker, WorkerId workerId, string lanes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The warm-up claim failed; the first run starts a little later.")]
    private partial void LogNotRehearsed(Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping: {Count} run(s) may continue for up to {Drain}.")]
    private partial void LogDraining(int count, TimeSpan drain);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Fleet:Worker:KillAfter is {Grace}, which is less than Fleet:Worker:Drain ({Drain}) "
            + "plus {Reserve} for flushing and closing. "
            + "Runs that are still executing may be interrupted when the process is killed. "
            + "Give the process more time, or shorten the drain.")]
    private partial void LogShortGrace(TimeSpan grace, TimeSpan drain, TimeSpan reserve);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The drain time is over: {Count} run(s) are given back.")]
    private partial void LogReleasing(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer; the worker stops without it.")]
    private partial void LogNotTold(Exception e);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The transport did not close its subscriptions within {Grace}; the worker stops without it.")]
    private partial void LogStillListening(TimeSpan grace, Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} is canceled by {Actor}; its handler is asked to stop.")]
    private partial void LogAskedToStop(RunId runId, string actor);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} has stopped.")]
    private partial void LogStopped(string worker);
}
