using System.CommandLine;
using System.Text.Json.Nodes;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Help;

/// <summary><c>fleet help exit-codes</c>: what is not the help of one command.</summary>
public static class HelpTopics
{
    /// <summary>The exit codes, with the names that scripts and the documentation use.</summary>
    public static IReadOnlyList<(ExitCode Code, string Name, string Meaning)> ExitCodes { get; } =
    [
        (ExitCode.Ok, "ok", "done"),
        (ExitCode.Failure, "failure",
            "it could not be done, or is not as it should be: a run that was waited for failed, 'diff' found a difference, a check failed"),
        (ExitCode.Usage, "usage", "an argument, an option or a field of the request is not allowed"),
        (ExitCode.Partial, "partial", "some of it was done and some was refused"),
        (ExitCode.NotFound, "not-found", "there is no such run, schedule, job or other thing"),
        (ExitCode.Conflict, "conflict", "the thing is in another state than the command needs, or was changed meanwhile"),
        (ExitCode.Auth, "auth", "the server wants an API key, or the key does not allow this"),
        (ExitCode.Unreachable, "unreachable", "nobody answers, or what answers cannot work at the moment or is not Fleet"),
        (ExitCode.WaitTimeout, "wait-timeout", "the time that --timeout allows has passed"),
        (ExitCode.Interrupted, "interrupted", "stopped by Ctrl+C or SIGTERM"),
    ];

    private static readonly Listing<(ExitCode Code, string Name, string Meaning)> Listing = new(topic => topic.Name)
    {
        { "CODE", topic => $"{(int)topic.Code}", ColumnKind.Id },
        { "NAME", topic => topic.Name, ColumnKind.Id },
        { "MEANING", topic => topic.Meaning, ColumnKind.Id },
    };

    public static Command Command(CommandContext cli)
    {
        var exitCodes = new Command("exit-codes", "What the exit codes mean.") { cli.ColumnsOption };
        exitCodes.SetAction(parsed => cli.Output(parsed, Listing).Print(
            new JsonArray([.. ExitCodes.Select(code => new JsonObject
            {
                ["code"] = (int)code.Code,
                ["name"] = code.Name,
                ["meaning"] = code.Meaning,
            })]).ToElement(), ExitCodes, ""));
        return new Command("help", "Help about what concerns all commands.") { exitCodes };
    }
}
