namespace Fleet.Core.Explain;

/// <summary>Explains a run: why it ran, ran late, was tried again, was skipped or never ran, and why it does not run now. Only from rows,
/// and from the functions that decide about a start.</summary>
public sealed class ExplainRuns(ReadRunFacts read)
{
    /// <returns>Null when there is no such run.</returns>
    public async Task<Explanation?> ExecuteAsync(RunId id, CancellationToken ct) =>
        await read.ExecuteAsync(id, ct) is { } facts ? Explain(facts) : null;

    private static Explanation Explain(RunFacts facts)
    {
        if (facts.Run.IsDeleted)
        {
            var deleted = new TellHistory(facts).Deleted();
            return new Explanation(Summarize(deleted, []), deleted, new ExplainedNow("deleted", null, []));
        }

        var now = new TellNow(facts);
        var (history, reasons) = (new TellHistory(facts).All(), now.All());
        return new Explanation(
            Summarize(history, reasons), history,
            new ExplainedNow(facts.Run.State.ToString().ToLowerInvariant(), now.MayStart, reasons));
    }

    /// <summary>Where it comes from, what became of it in the end, what made it late, and what it waits for.</summary>
    private static string Summarize(IReadOnlyList<Sentence> history, IReadOnlyList<Sentence> reasons)
    {
        const int mostReasons = 2;
        var told = history.Where((s, i) => i == 0 || i == LastOfAttempts(history) || IsTold(s.Code)).Concat(reasons.Take(mostReasons));
        return string.Join(' ', told.Select(s => s.Text));
    }

    /// <summary>The last attempt that did not succeed.</summary>
    private static int LastOfAttempts(IReadOnlyList<Sentence> history)
    {
        for (var i = history.Count - 1; i >= 0; i--)
        {
            if (history[i].Code is >= SentenceCode.AttemptFailed and <= SentenceCode.AttemptUnserved)
                return i;
        }

        return -1;
    }

    private static bool IsTold(SentenceCode code) =>
        code is SentenceCode.StartedLate or SentenceCode.LateTurn or SentenceCode.LateWorker or SentenceCode.Delayed
            or (>= SentenceCode.Succeeded and <= SentenceCode.Deleted);
}
