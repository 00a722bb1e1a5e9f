using Fleet.Core.Jobs;
using Fleet.Core.Rules;

namespace Fleet.Core.Search;

/// <summary>Keeps searches away from secrets: a search that compares one would tell whoever may search what it is.</summary>
/// <remarks>A term that names a secret is refused. Where a job has its secret under a name that is none in others, the refusal says how to
/// leave that job out. Runs whose secret the term would compare all the same, such as those of a job in a lane that the caller does not
/// see, do not match.</remarks>
public sealed class SecretTerms(SecretArgs secrets)
{
    /// <summary>Checks a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The query, with what it needs to know of the secrets of jobs.</returns>
    /// <exception cref="InvalidRunException">A term asks for a secret.</exception>
    public async ValueTask<RunQuery> CheckAsync(RunQuery query, CancellationToken ct)
    {
        if (query.Args.Count == 0 || query.Secrets is not null)
            return query;
        var jobs = await secrets.ListAsync(ct);
        foreach (var term in query.Args)
        {
            // Whoever is bound to lanes is not told of jobs of others.
            if (jobs.FirstOrDefault(job => query.Covers(job) && job.Secrets.Contains(term.Path)) is { } job)
                throw Refuse(query, term, job.Name);
        }

        return query with { Secrets = jobs.ToDictionary(job => job.Name, job => job.Secrets, StringComparer.Ordinal) };
    }

    private static InvalidRunException Refuse(RunQuery query, ArgsTerm term, string job)
    {
        var path = RunRules.Show("args." + string.Join('.', term.Path));
        var hint = query.Jobs.Count == 0 ? " To search the runs of other jobs, name them with job:." : "";
        return new InvalidRunException(new InputError(
            "secret_argument", "q", $"q: '{path}' is secret in job '{job}', and runs cannot be searched by a secret.{hint}", path,
            "an argument that is not secret"));
    }
}
