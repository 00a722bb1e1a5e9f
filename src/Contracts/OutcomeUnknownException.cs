using System.Data.Common;

namespace Fleet;

/// <summary>The database's answer to a commit was lost: it is not known whether the change was stored. Look for it, or make the
/// change again; a new run with the same idempotency key, so that it exists once either way.</summary>
public sealed class OutcomeUnknownException : DbException
{
    /// <param name="inner">How the answer was lost.</param>
    public OutcomeUnknownException(Exception inner)
        : base($"The database did not answer to a commit, so it is not known whether the change was stored: {inner.Message}", inner)
    {
    }

    /// <param name="inner">How the answer was lost.</param>
    /// <param name="runs">The ids that the new runs have if they were stored.</param>
    public OutcomeUnknownException(Exception inner, IReadOnlyList<RunId> runs)
        : base($"The database did not answer to a commit, so it is not known whether {Name(runs)} stored. Look for it, or enqueue it "
            + $"again with the same idempotency key: {inner.Message}", inner) =>
        Runs = runs;

    /// <summary>The ids that the new runs have if they were stored; empty when the change was another one.</summary>
    public IReadOnlyList<RunId> Runs { get; } = [];

    private static string Name(IReadOnlyList<RunId> runs) =>
        runs.Count == 1 ? $"run {runs[0]} was" : $"the {runs.Count} runs from {runs[0]} on were";
}
