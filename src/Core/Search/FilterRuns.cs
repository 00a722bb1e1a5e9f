using System.Linq.Expressions;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Search;

/// <summary>The part of a query that a database of any kind can filter by. It lets through every run that matches, and perhaps
/// others.</summary>
internal static class FilterRuns
{
    public static IQueryable<Run> Where(this IQueryable<Run> runs, RunQuery query, DateTimeOffset now)
    {
        if (query.States is { Count: > 0 } words)
        {
            var whole = StatesOf(words.Where(w => w is not (StateWord.Ready or StateWord.Scheduled)));
            var (ready, scheduled) = (words.Contains(StateWord.Ready), words.Contains(StateWord.Scheduled));
            runs = ready || scheduled
                ? runs.Where(r => whole.Contains(r.State)
                    || (r.State == RunState.Pending && ((ready && r.DueAt <= now) || (scheduled && r.DueAt > now))))
                : runs.Where(r => whole.Contains(r.State));
        }

        if (query.LeavesOutDiscarded)
            runs = runs.Where(r => r.DiscardedAt == null);
        if (query.Fingerprints is { Count: > 0 } fingerprints)
            runs = runs.Where(r => r.Fingerprint != null && fingerprints.Contains(r.Fingerprint));
        if (query.WithoutFingerprints is { Count: > 0 } muted)
            runs = runs.Where(r => r.Fingerprint == null || !muted.Contains(r.Fingerprint));
        if (query.Horizon is { At: var at, Newest: var newest })
        {
            runs = runs.Where(r => r.FinishedAt == null || r.FinishedAt <= at);
            if (query.IsOfRunningAlone)
                runs = runs.Where(r => r.State != RunState.Running || r.StartedAt <= at);
            if (newest is { } last)
                runs = runs.Where(r => r.Id <= last);
        }

        if (query.WithoutRevoked)
            runs = runs.Where(r => !r.Revoked);
        if (query.Since is { } since)
            runs = runs.Where(r => r.CreatedAt >= since);
        if (query.Until is { } until)
            runs = runs.Where(r => r.CreatedAt < until);
        if (query.Keys is { Count: > 0 } keys)
            runs = runs.Where(r => r.IdempotencyKey != null && keys.Contains(r.IdempotencyKey));
        foreach (var term in query.Jobs)
            runs = runs.Where(AnyOf(r => r.Job, term));
        foreach (var term in query.Lanes)
            runs = runs.Where(AnyOf(r => r.Lane, term));
        foreach (var term in query.Schedules)
            runs = runs.Where(AnyOf(r => r.ScheduleId!, term));
        // The culture of this process has no say in it: the database does it.
#pragma warning disable CA1304, CA1311, MA0011
        foreach (var term in query.Errors)
            runs = runs.Where(ArePlain(term) ? AnyOf(r => r.Error!.ToLower(), Containing(term, ignoresCase: true)) : r => r.Error != null);
#pragma warning restore CA1304, CA1311, MA0011
        foreach (var term in query.Tags)
            runs = runs.Where(ArePlain(term) ? AnyOf(r => r.Tags!, Containing(term)) : r => r.Tags != null);
        return query.Args.Count > 0 ? WhereArgs(runs, query) : runs;
    }

    /// <summary>Runs with the values anywhere in their args. Those of jobs with secrets are all let through: how long a search takes would
    /// tell whether a value stands in a secret.</summary>
    private static IQueryable<Run> WhereArgs(IQueryable<Run> runs, RunQuery query)
    {
        if (query.Secrets is not { } secrets)
            throw new InvalidOperationException($"A query for args is to be checked by {nameof(SecretTerms)} before it is asked.");
        var secretive = secrets.Keys.ToList();
        foreach (var term in query.Args)
        {
            var value = term.Value.Text;
            if (!IsPlain(value))
                continue;
            runs = secretive.Count == 0
                ? runs.Where(r => r.Args.Contains(value))
                : runs.Where(r => secretive.Contains(r.Job) || r.Args.Contains(value));
        }

        return runs;
    }

    /// <summary>The states of the rows, each once.</summary>
    public static List<RunState> StatesOf(IEnumerable<StateWord> words) => [.. words.Select(word => word switch
    {
        StateWord.Pending or StateWord.Ready or StateWord.Scheduled => RunState.Pending,
        StateWord.Running => RunState.Running,
        StateWord.Succeeded => RunState.Succeeded,
        StateWord.Failed or StateWord.Dead => RunState.Failed,
        _ => RunState.Canceled,
    }).Distinct()];

    /// <summary>Text that JSON does not write in another way, and whose case every database ignores alike.</summary>
    private static bool IsPlain(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or '-' or '_' or ':' or '/' or '@');

    private static bool ArePlain(WordTerm term) => term.AnyOf.All(p => IsPlain(p.Text));

    /// <summary>The same values, anywhere in the column.</summary>
    private static WordTerm Containing(WordTerm term, bool ignoresCase = false) => new([.. term.AnyOf.Select(
        p => new Pattern(ignoresCase ? p.Text.ToLowerInvariant() : p.Text, PatternKind.Contains))]);

    private static Expression<Func<Run, bool>> AnyOf(Expression<Func<Run, string>> column, WordTerm term) =>
        Expression.Lambda<Func<Run, bool>>(
            term.AnyOf.Select(p => (Expression)Compare(column.Body, p)).Aggregate(Expression.OrElse), column.Parameters);

    private static MethodCallExpression Compare(Expression value, Pattern pattern)
    {
        var text = pattern.Text;
        var method = pattern.Kind switch
        {
            PatternKind.Exact => nameof(string.Equals),
            PatternKind.Prefix => nameof(string.StartsWith),
            PatternKind.Suffix => nameof(string.EndsWith),
            _ => nameof(string.Contains),
        };
        // As a captured variable, so that the database gets a parameter and one text of SQL serves every value.
        Expression<Func<string>> captured = () => text;
        return Expression.Call(value, typeof(string).GetMethod(method, [typeof(string)])!, captured.Body);
    }
}
