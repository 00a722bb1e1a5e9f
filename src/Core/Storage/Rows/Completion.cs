using Fleet.Core.Effects;

namespace Fleet.Core.Storage.Rows;

/// <summary>A run that succeeded, with all that becomes true together with it.</summary>
public sealed record Completion
{
    public required RunId Id { get; init; }

    public required long LeaseToken { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>JSON text.</summary>
    public string? Output { get; init; }

    public IReadOnlyList<NewRun> FollowUps { get; init; } = [];

    public IReadOnlyList<OutboxMessage> Events { get; init; } = [];

    /// <summary>Statements of the handler's own, in their order.</summary>
    public IReadOnlyList<Effect> Effects { get; init; } = [];
}
