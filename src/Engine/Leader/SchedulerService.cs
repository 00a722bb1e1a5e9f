using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage;

namespace Fleet.Engine.Leader;

/// <summary>The life of a scheduler in a process: puts the schedules that the program brings along, seeks election, and
/// does the leader's work while it has it.</summary>
public sealed partial class SchedulerService(
    LeaderElection election,
    PlanLoop plan,
    StageLoop stage,
    RescueLoop rescue,
    ReconcileLoop reconcile,
    OutboxLoop outbox,
    PruneLoop prune,
    PutSchedules put,
    IStorage storage,
    ConfiguredSchedules configured,
    IEnumerable<ScheduleRequest> fromCode,
    Wakers wakers,
    IControlChannel control,
    ITransport transport,
    ILogger<SchedulerService> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly BackgroundLoop[] _leaderLoops = [rescue, plan, stage, reconcile, outbox, prune];
    private Task _loops = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await PutAsync(cancellationToken);
        foreach (var (id, status) in await configured.FindLeftOverAsync(storage, cancellationToken))
            LogLeftOver(id, status);

        // Where the API is another process: a change of a schedule wakes the leader, whichever it is. The subscription ends with the bus;
        // a stop does not wait for it.
        if (transport.ReachesOtherProcesses)
            _ = await control.SubscribeControlAsync(OnControlAsync, cancellationToken);
        wakers.Plan.Connect(plan.Wake);
        wakers.Stage.Connect(stage.Wake);
        wakers.Outbox.Connect(outbox.Wake);
        election.Gained = () => Array.ForEach(_leaderLoops, loop => loop.Wake());
        _loops = Task.WhenAll(
            _leaderLoops.Append(election).Select(loop => Task.Run(() => loop.RunAsync(_stop.Token), CancellationToken.None)));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        wakers.Plan.Connect(null);
        wakers.Stage.Connect(null);
        wakers.Outbox.Connect(null);
        await _stop.CancelAsync();
        await _loops;
        // A standby need not wait for the lease to end.
        await election.ResignAsync();
    }

    public void Dispose() => _stop.Dispose();

    private Task OnControlAsync(ControlMessage message, CancellationToken ct)
    {
        if (message.SchedulesChanged)
            plan.Wake();
        return Task.CompletedTask;
    }

    /// <summary>Puts the schedules of code and configuration, all or none.</summary>
    private async Task PutAsync(CancellationToken ct)
    {
        var configuredIds = configured.Requests.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        var code = fromCode.ToLookup(r => configuredIds.Contains(r.Id));
        foreach (var request in code[true])
            LogConfigurationWins(request.Id);
        var brought = code[false].Select(r => new BroughtSchedule(r, "code"))
            .Concat(configured.Requests.Select(r => new BroughtSchedule(r, ConfiguredSchedules.Source))).ToArray();
        try
        {
            foreach (var (result, row, undone) in await put.ExecuteAllAsync(brought, ThisProcess.Program, ct))
            {
                LogPut(row.Id, row.Source, result);
                if (undone is var (by, at))
                    LogUndone(row.Id, row.Source, at, by?.ToString() ?? "somebody");
            }
        }
        catch (BroughtScheduleRefusedException e) when (e.Schedule.Source == ConfiguredSchedules.Source)
        {
            throw ConfiguredSchedules.Refuse(e.Schedule.Request.Id, e.Error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Schedule {Schedule} ({Status}) is no longer in the configuration that it came from. Fleet keeps it until it is "
            + "deleted through the API.")]
    private partial void LogLeftOver(string schedule, ScheduleStatus status);

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {Schedule} from {Source}: {Result}.")]
    private partial void LogPut(string schedule, string source, PutResult result);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Schedule {Schedule} is defined in code and in the configuration; the configuration wins.")]
    private partial void LogConfigurationWins(string schedule);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Schedule {Schedule} from {Source} was reset to its definition before {ChangedAt:O}, when {Actor} changed it. "
            + "If programs of two versions run side by side, each start of one undoes the other's change: stop the older one.")]
    private partial void LogUndone(string schedule, string source, DateTimeOffset changedAt, string actor);
}
