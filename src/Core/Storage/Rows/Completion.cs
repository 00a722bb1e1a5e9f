using Fleet.Core.Effects;

namespace Fleet.Core.Storage.Rows;

/// <summary>A run that succeeded, and everything that is stored together with its completion.</summary>
public sealed record Completion
{
    public required RunId Id { get; init; }

    public required long LeaseToken { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>JSON text.</summary>
    public string? Output { get; init; }

    public IReadOnlyList<NewRun> FollowUps { get; init; } = [];

    public IReadOnlyList<OutboxMessage> Events { get; init; } = [];

    /// <summary>Statements of the handler, in order.</summary>
    public IReadOnlyList<Effect> Effects { get; init; } = [];
}
