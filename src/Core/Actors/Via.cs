namespace Fleet.Core.Actors;

/// <summary>The way on which a change came in.</summary>
public enum Way
{
    /// <summary>Code of a program that uses Fleet in its own process, or a command that uses the database itself.</summary>
    Process,

    /// <summary>The HTTP API.</summary>
    Api,

    /// <summary>The command line, through the HTTP API.</summary>
    Cli,

    /// <summary>The page, with a session.</summary>
    Page,
}

/// <summary>How an actor came in, for the audit. It is not part of the text that rows store.</summary>
/// <param name="Way">The way.</param>
/// <param name="KeyId">The API key that was used; null for none.</param>
/// <param name="OnBehalfOf">The person for whom a program says that it acts; null for none. It is recorded but not verified.</param>
public sealed record Via(Way Way, string? KeyId, string? OnBehalfOf)
{
    /// <summary>The actor's id at the OIDC provider; null for an actor that no provider has named.</summary>
    public string? Subject { get; init; }

    /// <summary>The lanes to which the actor is bound; null: any. The verbs that name a lane refuse all others.</summary>
    public IReadOnlyList<string>? Lanes { get; init; }

    /// <summary>True if the actor is an admin, who may change what others own.</summary>
    public bool Administers { get; init; }

    /// <summary>True if the runs that the actor enqueues must say that they are theirs, because they may follow no others.</summary>
    public bool OwnsRuns { get; init; }
}
