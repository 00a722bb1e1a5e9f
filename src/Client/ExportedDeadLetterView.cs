using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>A dead letter with all that is needed to run it elsewhere. An import reads <see cref="Id"/>, <see cref="Replays"/>,
/// <see cref="Job"/>, <see cref="Lane"/>, <see cref="Args"/>, <see cref="Tags"/> and <see cref="MaxAttempts"/>; the rest is for
/// people.</summary>
public sealed record ExportedDeadLetterView
{
    /// <summary>The id of the run.</summary>
    [Required]
    public string? Id { get; init; }

    /// <summary>How often it had been replayed. An import makes one run for each id and number of replays.</summary>
    [Range(0, int.MaxValue)]
    public int Replays { get; init; }

    /// <summary>The name of the job.</summary>
    [Required]
    public string? Job { get; init; }

    /// <summary>The lane.</summary>
    public string? Lane { get; init; }

    /// <summary>The args, with <c>***</c> in the place of each secret. An import refuses them so: put the secret in.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>The tags.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>How often it is tried at most; null: what the job says.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>The fingerprint of its error.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The type of the error.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The error.</summary>
    public string? Error { get; init; }

    /// <summary>The stack; null when it has none.</summary>
    public string? Stack { get; init; }

    /// <summary>The last attempt.</summary>
    public int? Attempt { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it failed for good.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Its schedule; null for none.</summary>
    public string? ScheduleId { get; init; }

    /// <summary>Its fire time; null for none.</summary>
    public DateTimeOffset? FireTime { get; init; }

    /// <summary>Its idempotency key; null for none. An import does not use it.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>A page of an export.</summary>
public sealed record DeadLetterExportView
{
    /// <summary>The dead letters, the last created first.</summary>
    public IReadOnlyList<ExportedDeadLetterView> Items { get; init; } = [];

    /// <summary>The cursor of the next page, for the same query; null on the last one.</summary>
    public string? Next { get; init; }

    /// <summary>How far the server looked for this page.</summary>
    public ScannedView Scanned { get; init; } = new();
}

/// <summary>Dead letters to be run here.</summary>
public sealed record ImportDeadLettersBody
{
    /// <summary>The dead letters, as an export has them; all of them are enqueued, or none.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(1000)]
    public IReadOnlyList<ExportedDeadLetterView>? Runs { get; init; }
}

/// <summary>What an import did.</summary>
public sealed record ImportedView
{
    /// <summary>How many runs were made.</summary>
    public int Imported { get; init; }

    /// <summary>How many had been imported before.</summary>
    public int Known { get; init; }

    /// <summary>The id of the run of each dead letter, in order; with <c>dryRun</c>, empty for one that would be new.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];
}
