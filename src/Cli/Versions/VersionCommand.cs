using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Fleet.Cli.Config;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Text;

namespace Fleet.Cli.Versions;

/// <summary><c>fleet version</c>: the version of this program and that of the server.</summary>
public static class VersionCommand
{
    /// <summary>The version of this program, and the commit that it was built from.</summary>
    public static (string Version, string? Commit) Own { get; } = ProgramVersion.Of(typeof(VersionCommand).Assembly);

    public static Command Command(CommandContext cli)
    {
        var client = new Option<bool>("--client") { Description = "Only that of this program; asks no server." };
        var command = new Command("version", "Show the version of this program and that of the server.") { client };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed);
            var (server, failure) = parsed.GetValue(client) ? (null, null) : await AskAsync(cli, parsed, ct);
            Print(output, server);
            if (server is not null && server.Version != Own.Version)
                Output.Remark($"The server has version {server.Version}, and this is {Own.Version}: what only one knows is refused.");
            if (failure is null)
                return (int)ExitCode.Ok;
            Output.Remark(Secrets.Hide(failure.Message));
            // Nobody said that there is a server: then the answer is complete.
            return (int)(new Settings(cli, parsed).Server.From == "default" ? ExitCode.Ok : failure.Code);
        });
        return command;
    }

    private static async Task<(VersionView? Server, CommandFailedException? Failure)> AskAsync(
        CommandContext cli, ParseResult parsed, CancellationToken ct)
    {
        using var api = cli.Connect(parsed);
        try
        {
            return (api.Read(await api.GetAsync("version", ct), ApiJson.Default.VersionView), null);
        }
        catch (CommandFailedException e) when (e is not UsageException)
        {
            return (null, e);
        }
    }

    private static void Print(Output output, VersionView? server)
    {
        var own = new JsonObject
        {
            ["version"] = Own.Version,
            ["commit"] = Own.Commit,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
        };
        var json = new JsonObject
        {
            ["client"] = own,
            ["server"] = server is null ? null : new JsonObject
            {
                ["version"] = server.Version,
                ["commit"] = server.Commit,
                ["runtime"] = server.Runtime,
                ["api"] = server.Api,
            },
        };
        output.Answer(json.ToElement(), Own.Version, () =>
        {
            var facts = new Facts();
            facts.Add("client", Line(Own.Version, Own.Commit, RuntimeInformation.FrameworkDescription));
            facts.Add("server", server is null ? null : Line(server.Version, server.Commit, server.Runtime));
            output.Facts(facts);
        });
    }

    private static string Line(string version, string? commit, string runtime) =>
        string.Join(", ", new[] { version, commit is null ? null : $"commit {Plain.Line(commit, 12)}", runtime }.OfType<string>());
}
