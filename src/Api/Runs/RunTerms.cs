using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Core.Search;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Runs;

/// <summary>The query for runs in the parameters of a request.</summary>
internal static class RunTerms
{
    /// <summary>The codes of queries that are refused.</summary>
    public static readonly string[] Codes = ["invalid_query", "query_too_long", "secret_argument"];

    private static readonly TextParameter Query = new(
        "q", "A query, such as `state:failed job:report.* since:1h`. All terms must match; without one, every run does.")
    {
        MaxLength = ParseRunQuery.MaxLength,
        Example = "since:1d",
    };

    private static readonly TextParameter QueryWithoutState = Query with
    {
        Description = "A query, such as `job:report.* since:1h`, without `state:`. All terms must match; without one, every run does.",
    };

    private static readonly Parameter[] Fields =
    [
        new WordParameter<StateWord>("state", "Runs in this state: the same as the term `state:` of the query."),
        new TextParameter("job", "Runs of this job: the same as the term `job:` of the query."),
        new TextParameter("lane", "Runs in this lane: the same as the term `lane:` of the query."),
        new TextParameter("schedule", "Runs of this schedule: the same as the term `schedule:` of the query."),
    ];

    /// <summary>The parameters: <c>q</c>, and one for each field that is asked for often.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } = [Query, .. Fields];

    /// <summary>The same for lists of one state.</summary>
    public static IReadOnlyList<Parameter> ParametersWithoutState { get; } = [QueryWithoutState, .. Fields[1..]];

    /// <summary>Reads the query.</summary>
    /// <param name="http">The request.</param>
    /// <param name="now">What <c>since:1h</c> counts back from.</param>
    /// <param name="withState">False for <see cref="ParametersWithoutState"/>.</param>
    /// <exception cref="InvalidRunException">The query is not well formed.</exception>
    public static RunQuery Read(HttpContext http, DateTimeOffset now, bool withState = true)
    {
        var terms = Fields.Skip(withState ? 0 : 1).Where(field => field.Text(http) is not null)
            .Select(field => ParseRunQuery.Term(field.Name, field.Text(http)!));
        var query = ParseRunQuery.Read(
            string.Join(' ', terms.Prepend((withState ? Query : QueryWithoutState).Find(http) ?? "")), now);
        return Admission.PrincipalOf(http).Lanes is { } lanes ? query.Within(lanes) : query;
    }
}
