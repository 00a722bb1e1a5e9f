namespace Fleet.Client;

/// <summary>An event of a Fleet server.</summary>
public abstract record LiveEvent
{
    private protected LiveEvent()
    {
    }
}

/// <summary>What the fleet is doing now.</summary>
public sealed record FiguresEvent(LiveFiguresView Figures) : LiveEvent;

/// <summary>What has changed since the event before.</summary>
public sealed record ChangesEvent(ChangesView Changes) : LiveEvent;

/// <summary>The state of a run that is followed.</summary>
public sealed record RunEvent(RunChangeView Run) : LiveEvent;

/// <summary>Events may have been missed: everything that is shown is to be read again.</summary>
public sealed record ResyncEvent(string Reason) : LiveEvent;

/// <summary>The connection is lost. The client connects again by itself, and goes on where it was.</summary>
/// <param name="Reason">In words for people.</param>
public sealed record ConnectionLostEvent(string Reason) : LiveEvent;
