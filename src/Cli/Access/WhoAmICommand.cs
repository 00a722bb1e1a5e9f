using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Access;

/// <summary><c>fleet whoami</c>: as whom the server knows this command line.</summary>
public static class WhoAmICommand
{
    public static Command Command(CommandContext cli)
    {
        var command = new Command("whoami", "Show as whom the server knows you, and what you may do.");
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync("whoami", ct);
            var who = api.Read(answer, ApiJson.Default.WhoAmIView);
            var output = cli.Output(parsed);
            output.Answer(answer, who.Name, () =>
            {
                var facts = new Facts();
                facts.Add("name", who.Name);
                facts.Add("kind", who.Kind);
                facts.Add("role", who.IsProven ? who.Role : "none is needed: access is off");
                facts.Add("may", string.Join(", ", who.Permissions));
                facts.Add("lanes", who.Lanes is { } lanes ? string.Join(',', lanes) : "all");
                facts.Add("by", who.ProvenBy);
                facts.Add("key", who.KeyId);
                facts.Add("subject", who.Subject);
                facts.Add("expires", who.ExpiresAt is { } expires ? Times.Instant(expires) : null);
                output.Facts(facts);
            });
        });
        return command;
    }
}
