using System.CommandLine;
using Fleet.Cli.Connection;
using Fleet.Core.Text;

namespace Fleet.Cli;

/// <summary>What every command shares: the clock and the two global options.</summary>
public sealed class CommandContext(TimeProvider time)
{
    public const string DefaultServer = "http://127.0.0.1:8710";

    public TimeProvider Time { get; } = time;

    public Option<string> ServerOption { get; } = new("--server")
    {
        Description = $"The server's URL. Default: the environment variable FLEET_SERVER, else {DefaultServer}.",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string> OutputOption { get; } = new Option<string>("--output", "-o")
    {
        Description = "table for people, json for programs. Default: table.",
        HelpName = "table|json",
        Recursive = true,
    }.AcceptOnlyFromAmong("table", "json");

    /// <summary>A connection to the server that this command line names.</summary>
    /// <exception cref="CommandFailedException">The URL is not one.</exception>
    public FleetApi Connect(ParseResult parsed)
    {
        var (source, text) = parsed.GetValue(ServerOption) is { } given
            ? ("--server", given)
            : Environment.GetEnvironmentVariable("FLEET_SERVER") is { Length: > 0 } variable
            ? ("FLEET_SERVER", variable)
            : ("", DefaultServer);
        return Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? new FleetApi(server)
            : throw new CommandFailedException(
                $"{source}: '{Secrets.HideInUri(text)}' is not a URL; allowed is http://host:port or https://host:port.");
    }

    /// <summary>True when the caller wants JSON.</summary>
    public bool WantsJson(ParseResult parsed) => parsed.GetValue(OutputOption) == "json";
}
