using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;

namespace Fleet.Core.Schedules.Planning;

/// <summary>Tells the leading scheduler that a schedule was changed. If the message is lost, the leader's next poll finds the
/// change.</summary>
public sealed class ScheduleChanges(Wakers wakers, IControlChannel control, ITransport transport)
{
    /// <summary>Sends the message; best effort, like every control message.</summary>
    public Task AnnounceAsync(Actor by, CancellationToken ct)
    {
        wakers.Plan.Wake();
        return transport.ReachesOtherProcesses
            ? control.PublishControlAsync(new ControlMessage(SchedulesChanged: true, By: by.ToRow()), ct)
            : Task.CompletedTask;
    }
}
