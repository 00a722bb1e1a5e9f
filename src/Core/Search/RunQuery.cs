using Fleet.Core.Jobs;

namespace Fleet.Core.Search;

/// <summary>What somebody searches for: all of its terms must match a run. Made by <see cref="ParseRunQuery"/>.</summary>
public sealed record RunQuery
{
    /// <summary>Matches every run.</summary>
    public static RunQuery All { get; } = new() { Text = "" };

    /// <summary>The query in one form: terms in their order, single spaces. Two texts that differ in white space only have the
    /// same.</summary>
    public required string Text { get; init; }

    /// <summary>One of these; empty: any.</summary>
    public IReadOnlyList<StateWord> States { get; init; } = [];

    public IReadOnlyList<RunId> Ids { get; init; } = [];

    public IReadOnlyList<string> Keys { get; init; } = [];

    public IReadOnlyList<WordTerm> Jobs { get; init; } = [];

    public IReadOnlyList<WordTerm> Lanes { get; init; } = [];

    public IReadOnlyList<WordTerm> Schedules { get; init; } = [];

    public IReadOnlyList<WordTerm> Tags { get; init; } = [];

    public IReadOnlyList<WordTerm> Errors { get; init; } = [];

    public IReadOnlyList<ArgsTerm> Args { get; init; } = [];

    /// <summary>Dead letters with one of these fingerprints; empty: any run.</summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];

    /// <summary>No dead letters with one of these fingerprints.</summary>
    public IReadOnlyList<string> WithoutFingerprints { get; init; } = [];

    /// <summary>True if of the failed runs only the dead letters are asked for: those that nobody discarded.</summary>
    internal bool LeavesOutDiscarded => States.Contains(StateWord.Dead) && !States.Contains(StateWord.Failed);

    /// <summary>The secret members of the jobs that have some, by name and alias; null until <see cref="SecretTerms"/> has checked the
    /// query.</summary>
    public IReadOnlyDictionary<string, SecretMembers>? Secrets { get; init; }

    /// <summary>The lanes to which the caller is bound; null for a caller who sees all.</summary>
    public IReadOnlyList<string>? BoundTo { get; init; }

    /// <summary>True if runs of a job can match, and the caller may know of the job.</summary>
    internal bool Covers(SecretJob job) =>
        Jobs.All(term => term.Matches(job.Name)) && BoundTo?.Contains(job.Lane, StringComparer.Ordinal) is not false;

    /// <summary>True if it asks for states and times only, which every database compares exactly as <see cref="MatchRuns"/>.</summary>
    internal bool IsByStateAlone => Ids.Count + Keys.Count + Jobs.Count + Lanes.Count + Schedules.Count == 0 && !ReadsTexts
        && Fingerprints.Count + WithoutFingerprints.Count == 0 && !LeavesOutDiscarded && Horizon is null && !WithoutRevoked;

    /// <summary>How far it reaches; null: to the newest run, as the runs are now.</summary>
    public Horizon? Horizon { get; init; }

    /// <summary>True to leave out runs that were planned and then revoked: they cannot be replayed.</summary>
    public bool WithoutRevoked { get; init; }

    /// <summary>True if it asks for running runs and for no pending ones: then a run that was started later is another one.</summary>
    internal bool IsOfRunningAlone => States.Contains(StateWord.Running)
        && !States.Any(s => s is StateWord.Pending or StateWord.Ready or StateWord.Scheduled);

    /// <summary>True if the database filters only roughly, and rows have to be read and compared.</summary>
    internal bool ReadsTexts => Tags.Count + Errors.Count + Args.Count > 0;

    /// <summary>The same terms for dead letters only.</summary>
    public RunQuery OfDeadLetters() => this with { Text = $"state:dead {Text}".TrimEnd(), States = [StateWord.Dead] };

    /// <summary>The same terms without the dead letters of some groups.</summary>
    public RunQuery Without(IEnumerable<string> fingerprints) => this with { WithoutFingerprints = [.. fingerprints] };

    /// <summary>The same terms for runs of some lanes only. Its text, and with it a cursor, belongs to these lanes.</summary>
    public RunQuery Within(IReadOnlyList<string> lanes) => this with
    {
        Text = $"lane:{string.Join(',', lanes)} {Text}".TrimEnd(),
        BoundTo = lanes,
        // Without any lane, none: no lane has an empty name.
        Lanes = [.. Lanes, new WordTerm([.. lanes.DefaultIfEmpty("").Select(lane => new Pattern(lane, PatternKind.Exact))])],
    };

    /// <summary>Created at this instant or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Created before this instant.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>A state as people search for it.</summary>
public enum StateWord
{
    Pending = 0,

    /// <summary>Pending and due.</summary>
    Ready = 1,

    /// <summary>Pending and due later.</summary>
    Scheduled = 2,

    Running = 3,
    Succeeded = 4,
    Failed = 5,
    Canceled = 6,

    /// <summary>Failed, and not discarded.</summary>
    Dead = 7,
}

/// <summary>One of several patterns has to match.</summary>
public sealed record WordTerm(IReadOnlyList<Pattern> AnyOf)
{
    /// <summary>True if a pattern matches the value.</summary>
    public bool Matches(string? value, StringComparison comparison = StringComparison.Ordinal) =>
        AnyOf.Any(p => p.Matches(value, comparison));
}

/// <summary>A value of the args, such as <c>args.customer.id=42</c>.</summary>
/// <param name="Path">The names of the members, the outermost first. An index into an array is a number.</param>
/// <param name="Value">Compared with the text of a string, a number, <c>true</c>, <c>false</c> or <c>null</c>.</param>
public sealed record ArgsTerm(IReadOnlyList<string> Path, Pattern Value);

/// <summary>A text that may begin and end with <c>*</c>.</summary>
/// <param name="Text">Without the stars.</param>
/// <param name="Kind">Where the stars stood.</param>
public readonly record struct Pattern(string Text, PatternKind Kind)
{
    public bool Matches(string? value, StringComparison comparison = StringComparison.Ordinal) => value is not null && Kind switch
    {
        PatternKind.Exact => value.Equals(Text, comparison),
        PatternKind.Prefix => value.StartsWith(Text, comparison),
        PatternKind.Suffix => value.EndsWith(Text, comparison),
        _ => value.Contains(Text, comparison),
    };
}

/// <summary>How a <see cref="Pattern"/> is compared.</summary>
public enum PatternKind
{
    Exact = 0,
    Prefix = 1,
    Suffix = 2,
    Contains = 3,
}
