namespace Fleet.Core.Actors;

/// <summary>What kind of actor changes something. The kinds are few: each answers differently whom to ask about a change.</summary>
/// <remarks>The words are stored. A later kind is read by an older program as <see cref="Program"/>.</remarks>
public enum ActorKind
{
    /// <summary>A person, through the API or the command line. Ask the person.</summary>
    Person = 0,

    /// <summary>A program: one that uses Fleet in its own process, or a caller of the API that gives no name. Ask whoever runs
    /// it.</summary>
    Program = 1,

    /// <summary>The leading scheduler on its own account. Nobody asked for the change; its log has the reason.</summary>
    Scheduler = 2,

    /// <summary>A worker on its own account. Nobody asked for the change; its log has the reason.</summary>
    Worker = 3,

    /// <summary>A rule that was set earlier, such as the overlap policy of a schedule. Whoever wants another outcome changes the
    /// rule.</summary>
    Policy = 4,
}
