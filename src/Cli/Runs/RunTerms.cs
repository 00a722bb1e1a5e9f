using System.CommandLine;

namespace Fleet.Cli.Runs;

/// <summary>The argument and the options that say which runs a command is about.</summary>
internal sealed class RunTerms
{
    private readonly Argument<string[]> _query = QueryArgument();

    private readonly Option<string> _state = new Option<string>("--state") { Description = "Only runs in this state.", HelpName = "STATE" }
        .AcceptOnlyFromAmong("pending", "ready", "scheduled", "running", "succeeded", "failed", "canceled", "dead");

    private readonly Option<string> _job = new("--job") { Description = "Only runs of this job.", HelpName = "NAME" };
    private readonly Option<string> _lane = new("--lane") { Description = "Only runs in this lane.", HelpName = "NAME" };
    private readonly Option<string> _schedule = new("--schedule") { Description = "Only runs of this schedule.", HelpName = "ID" };

    private RunTerms(Command command, bool withState)
    {
        command.Add(_query);
        foreach (var option in new[] { _state, _job, _lane, _schedule }.Where(o => withState || o != _state))
            command.Add(option);
    }

    /// <summary>Adds them to a command.</summary>
    public static RunTerms AddTo(Command command, bool withState = true) => new(command, withState);

    /// <summary>The argument for a query.</summary>
    public static Argument<string[]> QueryArgument()
    {
        var query = new Argument<string[]>("QUERY")
        {
            Description = "What to search for, such as: job:report.* state:failed since:1h",
            Arity = ArgumentArity.ZeroOrMore,
        };
        query.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } option)
                result.AddError($"'{option.Value}' is no option of this command; a term of a query is written field:value.");
        });
        return query;
    }

    /// <summary>Whether neither a query, a state nor a schedule is given.</summary>
    public bool AreWithoutQuery(ParseResult parsed) =>
        parsed.GetValue(_query) is not { Length: > 0 } && parsed.GetValue(_state) is null && parsed.GetValue(_schedule) is null;

    /// <summary>The query; empty when none is given.</summary>
    public string Query(ParseResult parsed) => string.Join(' ', parsed.GetValue(_query) ?? []);

    /// <summary>A path of the API with these terms and other parameters.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The path.</param>
    /// <param name="basis">A query in front of the one that is given.</param>
    /// <param name="others">Other parameters; those without a value are left out.</param>
    public string Path(ParseResult parsed, string path, string? basis, params (string Name, string? Value)[] others)
    {
        (string Name, string? Value)[] terms =
        [
            ("q", $"{basis} {Query(parsed)}".Trim()),
            ("state", parsed.GetValue(_state)),
            ("job", parsed.GetValue(_job)),
            ("lane", parsed.GetValue(_lane)),
            ("schedule", parsed.GetValue(_schedule)),
        ];
        var given = terms.Concat(others).Where(p => p.Value is { Length: > 0 }).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}");
        return $"{path}?{string.Join('&', given)}".TrimEnd('?');
    }
}
