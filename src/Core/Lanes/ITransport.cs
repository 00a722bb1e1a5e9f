namespace Fleet.Core.Lanes;

/// <summary>What kind of transport carries the messages. What is carried is divided by role, so that a part of Fleet depends only on what
/// it does, and so that another broker or a webhook can take over one role: <see cref="INudgeSender"/>, <see cref="IBelt"/>,
/// <see cref="ILaneSource"/>, <see cref="ILaneGauge"/>, <see cref="IControlChannel"/>, <see cref="IDeadCopySender"/>, and
/// <c>IEventSender</c> in the outbox. A message is never the truth: if one is lost or doubled, a question is late or asked twice, but no
/// run is lost.</summary>
public interface ITransport
{
    /// <summary>False if the lanes end in this process, as in memory. Then a nudge arrives at once, and there is no other worker to give it
    /// to.</summary>
    bool ReachesOtherProcesses { get; }

    /// <summary>True if the failure is the broker's (down, unreachable), not that of the message given to it.</summary>
    bool IsOutage(Exception e);
}
