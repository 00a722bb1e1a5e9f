using Fleet.Core.Lanes;
using Fleet.Core.Loops;

namespace Fleet.Engine.Leader;

/// <summary>The life of a scheduler in a process: puts the schedules that the program brings along, seeks election, and
/// does the leader's work while it has it.</summary>
public sealed class SchedulerService(
    LeaderElection election,
    PlanLoop plan,
    StageLoop stage,
    RescueLoop rescue,
    ReconcileLoop reconcile,
    OutboxLoop outbox,
    OperationLoop operations,
    FiguresLoop figures,
    PruneLoop prune,
    BroughtSchedules schedules,
    Wakers wakers,
    IControlChannel control,
    ITransport transport) : IHostedService, IAsyncDisposable, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly BackgroundLoop[] _leaderLoops = [rescue, plan, stage, reconcile, outbox, operations, figures, prune];
    private Task _loops = Task.CompletedTask;
    private int _isRunning;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _isRunning = 1;
        await schedules.PutAsync(cancellationToken);
        await schedules.TellOfLeftOversAsync(cancellationToken);

        // Where the API is another process: a change of a schedule wakes the leader, whichever it is. The subscription ends with the bus;
        // a stop does not wait for it.
        if (transport.ReachesOtherProcesses)
            _ = await control.SubscribeControlAsync(OnControlAsync, cancellationToken);
        wakers.Plan.Connect(plan.Wake);
        wakers.Stage.Connect(stage.Wake);
        wakers.Outbox.Connect(outbox.Wake);
        wakers.Operations.Connect(operations.Wake);
        election.Gained = () => Array.ForEach(_leaderLoops, loop => loop.Wake());
        _loops = Task.WhenAll(
            _leaderLoops.Append(election).Select(loop => Task.Run(() => loop.RunAsync(_stop.Token), CancellationToken.None)));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isRunning, 0) == 0)
            return;
        wakers.Plan.Connect(null);
        wakers.Stage.Connect(null);
        wakers.Outbox.Connect(null);
        wakers.Operations.Connect(null);
        await _stop.CancelAsync();
        await _loops;
        // A standby need not wait for the lease to end.
        await election.ResignAsync();
    }

    /// <summary>A host whose start failed, or that nobody stopped, is only disposed: the loops end before the storage does.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        Dispose();
    }

    public void Dispose() => _stop.Dispose();

    private Task OnControlAsync(ControlMessage message, CancellationToken ct)
    {
        if (message.SchedulesChanged)
            plan.Wake();
        // A lane may have been resumed.
        if (message.StandingChanged)
            reconcile.Wake();
        return Task.CompletedTask;
    }
}
