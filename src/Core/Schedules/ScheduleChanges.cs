using Fleet.Core.Lanes;
using Fleet.Core.Loops;

namespace Fleet.Core.Schedules;

/// <summary>Tells the scheduler that leads, wherever it is, that a schedule was changed. When the message is lost, its poll finds the change.</summary>
public sealed class ScheduleChanges(Wakers wakers, ILaneTransport transport)
{
    /// <summary>Best effort, like every control message.</summary>
    public Task AnnounceAsync(CancellationToken ct)
    {
        wakers.Plan.Wake();
        return transport.ReachesOtherProcesses ? transport.PublishControlAsync(new ControlMessage(SchedulesChanged: true), ct) : Task.CompletedTask;
    }
}
