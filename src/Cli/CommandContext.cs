using System.CommandLine;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Core.Text;

namespace Fleet.Cli;

/// <summary>What every command shares: the clock and the global options.</summary>
public sealed class CommandContext(TimeProvider time)
{
    public const string DefaultServer = "http://127.0.0.1:8710";

    private const string Formats = "table, wide, tsv, json, jsonl, yaml, name";

    public TimeProvider Time { get; } = time;

    /// <summary>How long the server may take for an answer.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(30);

    public Option<string> ServerOption { get; } = new("--server")
    {
        Description = $"The server's URL. Default: the environment variable FLEET_SERVER, else {DefaultServer}.",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string> OutputOption { get; } = new Option<string>("--output", "-o")
    {
        Description = "table or wide for people, the others for programs. Default: table on a terminal, tsv into a pipe or a file.",
        HelpName = Formats.Replace(", ", "|", StringComparison.Ordinal),
        Recursive = true,
    }.AcceptOnlyFromAmong(Formats.Split(", "));

    public Option<string> ColorOption { get; } = new Option<string>("--color")
    {
        Description = "Default: auto, which is always on a terminal, and never when NO_COLOR is set or TERM is dumb.",
        HelpName = "auto|always|never",
        Recursive = true,
    }.AcceptOnlyFromAmong("auto", "always", "never");

    /// <summary>For the commands that print a list.</summary>
    public Option<string> ColumnsOption { get; } = new("--columns")
    {
        Description = "The columns of the table, in this order, such as ID,STATE.",
        HelpName = "NAME,NAME",
    };

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
            ? new FleetApi(server, AnswerTime)
            : throw new UsageException(
                $"{source}: '{Secrets.HideInUri(text)}' is not a URL; allowed is http://host:port or https://host:port.");
    }

    /// <summary>How this command line wants its result printed.</summary>
    public Output Output(ParseResult parsed) => new(FormatOf(parsed), TerminalOf(parsed), Time);

    /// <summary>How this command line wants its list printed. Called before anything is asked: it checks <c>--columns</c>.</summary>
    /// <exception cref="UsageException">There is no such column, or the format has none.</exception>
    /// <param name="parsed">The command line.</param>
    /// <param name="listing">The columns that there are.</param>
    /// <param name="byDefault">The names of the columns without <c>--columns</c>; null: the usual ones.</param>
    public ListOutput<T> Output<T>(ParseResult parsed, Listing<T> listing, string? byDefault = null)
    {
        var (format, names) = (FormatOf(parsed), parsed.GetValue(ColumnsOption));
        if (names is not null && format is not (OutputFormat.Table or OutputFormat.Wide or OutputFormat.Tsv))
            throw new UsageException($"--columns: it goes with -o table, wide or tsv; -o {parsed.GetValue(OutputOption)} has no columns.");
        return new ListOutput<T>(
            format, TerminalOf(parsed), Time, listing, listing.Choose(names ?? byDefault, isWide: format == OutputFormat.Wide));
    }

    /// <summary>For a command whose result is a text in another language, such as SQL.</summary>
    /// <exception cref="UsageException">The command line wants another format.</exception>
    public void RefuseFormats(ParseResult parsed, string language)
    {
        if (parsed.GetValue(OutputOption) is { } format)
            throw new UsageException($"-o: '{format}' is not allowed here; this command prints {language}.");
    }

    private Terminal TerminalOf(ParseResult parsed) => Terminal.Detect(parsed.GetValue(ColorOption));

    private OutputFormat FormatOf(ParseResult parsed) =>
        Enum.TryParse<OutputFormat>(parsed.GetValue(OutputOption), ignoreCase: true, out var format) ? format
        : Console.IsOutputRedirected ? OutputFormat.Tsv : OutputFormat.Table;
}
