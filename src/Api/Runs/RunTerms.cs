using Fleet.Core.Search;

namespace Fleet.Api.Runs;

/// <summary>The query for runs in the parameters of a request.</summary>
internal static class RunTerms
{
    private static readonly string[] Fields = ["state", "job", "lane", "schedule"];

    /// <summary>The parameters: <c>q</c>, and one for each field that is asked for often.</summary>
    public static string[] Parameters { get; } = ["q", .. Fields];

    /// <exception cref="InvalidRunException">The query is not well formed.</exception>
    public static RunQuery Read(QueryString query, DateTimeOffset now)
    {
        // One word and no list: the error names the parameter.
        _ = query.Word<StateWord>("state");
        var fields = Fields.Where(name => query.Text(name) is not null).Select(name => ParseRunQuery.Term(name, query.Text(name)!));
        return ParseRunQuery.Read(string.Join(' ', fields.Prepend(query.Text("q") ?? "")), now);
    }
}
