using System.CommandLine;
using Fleet.Cli.Bulk;
using Fleet.Cli.Config;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;

namespace Fleet.Cli;

/// <summary>What every command shares: the clock and the global options.</summary>
public sealed class CommandContext(TimeProvider time)
{
    public const string DefaultServer = "http://127.0.0.1:8710";

    /// <summary>The values of <c>-o</c>.</summary>
    public static readonly string[] Formats = ["table", "wide", "tsv", "json", "jsonl", "yaml", "name"];

    private ProfilesFile? _profiles;

    public TimeProvider Time { get; } = time;

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>How long the server may take for an answer.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(30);

    public Option<string> ServerOption { get; } = new("--server")
    {
        Description = $"The server's URL. Default: FLEET_SERVER, else that of the profile, else {DefaultServer}.",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string> OutputOption { get; } = new Option<string>("--output", "-o")
    {
        Description = "table or wide for people, the others for programs. Default: FLEET_OUTPUT, else table on a terminal, else tsv.",
        HelpName = string.Join('|', Formats),
        Recursive = true,
    }.AcceptOnlyFromAmong(Formats);

    public Option<string> ColorOption { get; } = new Option<string>("--color")
    {
        Description = "Default: auto, which is always on a terminal, and never when NO_COLOR is set or TERM is dumb.",
        HelpName = "auto|always|never",
        Recursive = true,
    }.AcceptOnlyFromAmong("auto", "always", "never");

    /// <summary>For the commands that change something through the server.</summary>
    public Option<bool> DryRunOption { get; } = new("--dry-run")
    {
        Description = "Let the server check everything and change nothing.",
    };

    /// <summary>How commands ask before they destroy something or touch many things.</summary>
    public Confirmation Confirm { get; init; } = new();

    /// <summary>What a path of the API ends with when nothing is to be changed; empty otherwise.</summary>
    public string DryRunQuery(ParseResult parsed) => DryRunQuery(parsed.GetValue(DryRunOption));

    /// <inheritdoc cref="DryRunQuery(ParseResult)"/>
    public static string DryRunQuery(bool isDryRun) => isDryRun ? "?dryRun=true" : "";

    /// <summary>For the commands that print a list.</summary>
    public Option<string> ColumnsOption { get; } = new("--columns")
    {
        Description = "The columns of the table, in this order, such as ID,STATE.",
        HelpName = "NAME,NAME",
    };

    public Option<string> ProfileOption { get; } = new("--profile")
    {
        Description = "The profile ('fleet config'). Default: the environment variable FLEET_PROFILE, else the current one.",
        HelpName = "NAME",
        Recursive = true,
    };

    public Option<string> KeyFileOption { get; } = new("--key-file")
    {
        Description = "A file with the API key or token; - for standard input. Default: FLEET_API_KEY, FLEET_TOKEN, else the profile's.",
        HelpName = "PATH",
        Recursive = true,
    };

    /// <summary>Reads an environment variable; null also when it is empty.</summary>
    public string? Read(string variable) => Environment(variable) is { Length: > 0 } value ? value : null;

    /// <summary>The file of the profiles.</summary>
    public ProfilesFile Profiles => _profiles ??= new ProfilesFile(Environment);

    /// <summary>A connection to the server that this command line names.</summary>
    /// <exception cref="CommandFailedException">The URL is not one, or the key cannot be had.</exception>
    /// <exception cref="UsageException">The result cannot be printed as it is wanted. Later, the change would be made already.</exception>
    public FleetApi Connect(ParseResult parsed)
    {
        _ = FormatOf(parsed);
        var settings = new Settings(this, parsed);
        return new FleetApi(settings.ServerUri, AnswerTime, settings.ReadKeyAsync);
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
            throw new UsageException($"--columns: it goes with -o table, wide or tsv; {format} has no columns.");
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

    private OutputFormat FormatOf(ParseResult parsed)
    {
        var (text, from) = Settings.ReadOutput(this, parsed);
        if (text is null)
            return Console.IsOutputRedirected ? OutputFormat.Tsv : OutputFormat.Table;
        return Formats.Contains(text)
            ? Enum.Parse<OutputFormat>(text, ignoreCase: true)
            : throw new UsageException($"{from}: '{text}' is not allowed; allowed is {string.Join(", ", Formats)}.");
    }
}
