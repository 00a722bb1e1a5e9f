using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Access;

/// <summary><c>fleet session list|end</c>: people who are signed in.</summary>
public static class SessionCommands
{
    private static readonly Listing<SessionView> Listing = new(session => session.Id)
    {
        { "ID", session => session.Id, ColumnKind.Id },
        { "NAME", session => session.Name },
        { "ROLE", session => session.Role },
        { "ADDRESS", session => session.Address },
        { "SEEN", session => session.LastSeenAt },
        { "EXPIRES", session => session.ExpiresAt },
        { "SUBJECT", session => session.Subject, ColumnKind.Text, true },
        { "AGENT", session => session.Agent, ColumnKind.Text, true },
    };

    /// <summary>All commands.</summary>
    public static IEnumerable<Command> Commands(CommandContext cli) => [List(cli), End(cli)];

    private static Command List(CommandContext cli)
    {
        var command = new Command("list", "List the people who are signed in; without the role admin, your own sessions.")
        {
            cli.ColumnsOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("sessions", ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Sessions).Items, "Nobody is signed in.");
        });
        return command;
    }

    private static Command End(CommandContext cli)
    {
        var id = new Argument<string>("ID") { Description = "The session's id." };
        var command = new Command("end", "Sign a person out.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var session = parsed.GetRequiredValue(id);
            var answer = await api.DeleteAsync($"sessions/{Uri.EscapeDataString(session)}", ct);
            cli.Output(parsed).Answer(answer, session, $"{session} ended");
        });
        return command;
    }
}
