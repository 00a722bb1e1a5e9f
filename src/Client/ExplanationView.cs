namespace Fleet.Client;

/// <summary>Why a run or an occurrence ran, ran late, was tried again, was skipped or never ran, or does not run now.</summary>
public sealed record ExplanationView
{
    /// <summary>The run, or the schedule.</summary>
    public string Id { get; init; } = "";

    /// <summary>The most important sentences as one paragraph.</summary>
    public string Summary { get; init; } = "";

    /// <summary>What happened, in the order of time.</summary>
    public IReadOnlyList<SentenceView> Sentences { get; init; } = [];

    /// <summary>What holds now.</summary>
    public ExplainedNowView Now { get; init; } = new();
}

/// <summary>One statement, with the rows that it comes from.</summary>
public sealed record SentenceView
{
    /// <summary>What it says, for programs, such as <c>attemptFailed</c> or <c>noWorker</c>.</summary>
    public string Code { get; init; } = "";

    /// <summary>The same for people: whole sentences. The words may change from version to version.</summary>
    public string Text { get; init; } = "";

    /// <summary>When it happened; null if it is not known or has no time.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The rows that it comes from; empty for what only the process knows.</summary>
    public IReadOnlyList<EvidenceView> Evidence { get; init; } = [];
}

/// <summary>A row of the database.</summary>
public sealed record EvidenceView
{
    /// <summary>The table, without schema or prefix.</summary>
    public string Table { get; init; } = "";

    /// <summary>The key of the row.</summary>
    public string Id { get; init; } = "";

    /// <summary>The path of the resource in the API that shows the row; null where there is none.</summary>
    public string? Link { get; init; }
}

/// <summary>What holds now.</summary>
public sealed record ExplainedNowView
{
    /// <summary>The state of a run, or what became of an occurrence: <c>hasRun</c>, <c>noRun</c> or <c>comesLater</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Of a pending run: true if a claim takes it now. Null for everything else.</summary>
    public bool? MayStart { get; init; }

    /// <summary>Why it waits, or what it does; the most important first. Empty for a run that has ended.</summary>
    public IReadOnlyList<SentenceView> Reasons { get; init; } = [];
}
