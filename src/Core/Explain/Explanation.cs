namespace Fleet.Core.Explain;

/// <summary>Why something happened, or does not happen now.</summary>
/// <param name="Summary">The most important sentences as one paragraph.</param>
/// <param name="Sentences">What happened, in the order of time.</param>
/// <param name="Now">What holds now.</param>
public sealed record Explanation(string Summary, IReadOnlyList<Sentence> Sentences, ExplainedNow Now);

/// <summary>One statement, with the rows that it comes from.</summary>
/// <param name="Code">What it says, for programs.</param>
/// <param name="Text">The same for people: whole sentences.</param>
/// <param name="At">When it happened; null if it is not known or has no time.</param>
/// <param name="Evidence">Where it stands.</param>
public sealed record Sentence(SentenceCode Code, string Text, DateTimeOffset? At, IReadOnlyList<Evidence> Evidence);

/// <summary>A row.</summary>
/// <param name="Table">The table, without schema or prefix.</param>
/// <param name="Id">The key of the row.</param>
/// <param name="Path">Where the API shows the row, behind <c>/api/v1/</c>; null where it does not.</param>
public sealed record Evidence(string Table, string Id, string? Path = null)
{
    /// <remarks>The API does not show what is left of a deleted run.</remarks>
    public static Evidence OfRun(Storage.Rows.Run run) => run.IsDeleted ? new("runs", $"{run.Id}") : OfRun(run.Id);

    public static Evidence OfRun(RunId id) => new("runs", $"{id}", $"runs/{id}");

    public static Evidence OfAttempt(long row, RunId run) => new("attempts", $"{row}", $"runs/{run}");

    public static Evidence OfReplay(long row, RunId run) => new("replays", $"{row}", $"runs/{run}");

    public static Evidence OfSchedule(string id) => new("schedules", id, $"schedules/{Uri.EscapeDataString(id)}");

    public static Evidence OfMisfire(Storage.Rows.Misfire misfire) =>
        new("misfires", $"{misfire.Id}", $"schedules/{Uri.EscapeDataString(misfire.ScheduleId)}/outcomes");

    public static Evidence OfWorker(string id) => new("workers", id, $"workers/{id}");

    public static Evidence OfLane(string name) => new("lanes", name, $"lanes/{Uri.EscapeDataString(name)}");

    public static Evidence OfJob(string name) => new("jobs", name, $"jobs/{Uri.EscapeDataString(name)}");

    public static Evidence OfLease(string name) => new("leases", name);
}

/// <summary>What holds now.</summary>
/// <param name="State">The state in one word: of a run its state, of an occurrence what became of it.</param>
/// <param name="MayStart">Of a pending run: true if a claim takes it now, whoever makes it. Null for everything else.</param>
/// <param name="Reasons">Why it waits, or what it does; the most important first. Empty for a run that has ended.</param>
public sealed record ExplainedNow(string State, bool? MayStart, IReadOnlyList<Sentence> Reasons);
