using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>audit</c>: a change that somebody made. It is written in the transaction of the change, and never
/// changed.</summary>
public sealed class AuditEntry
{
    public long Id { get; set; }

    public DateTimeOffset At { get; set; }

    public Actor By { get; set; } = null!;

    /// <summary>The person for whom a program says that it acts; null for none. It is recorded but not verified.</summary>
    public string? OnBehalfOf { get; set; }

    /// <summary>A word of <see cref="Way"/>.</summary>
    public string Way { get; set; } = "";

    /// <summary>The key that was used; null for none.</summary>
    public string? KeyId { get; set; }

    /// <summary>The actor's id at the OIDC provider; null for an actor that no provider has named.</summary>
    public string? Subject { get; set; }

    /// <summary>What was done: thing and verb, such as <c>lane.pause</c>.</summary>
    public string Action { get; set; } = "";

    /// <summary>The thing that was changed: its id or name.</summary>
    public string Target { get; set; } = "";

    /// <summary>JSON of what was stored before; null when nothing was.</summary>
    public string? Before { get; set; }

    /// <summary>JSON of what is stored since; null when nothing is.</summary>
    public string? After { get; set; }

    /// <summary>Why, in words of the actor.</summary>
    public string? Reason { get; set; }
}
