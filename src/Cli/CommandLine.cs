using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Fleet.Cli.Completion;
using Fleet.Cli.Printing;
using Fleet.Core.Text;

namespace Fleet.Cli;

/// <summary>Parses the arguments, runs the command and turns every way to fail into a line and an exit code.</summary>
public static class CommandLine
{
    // On Ctrl+C a command is asked to stop and has this long: more than the longest drain of `fleet dev`, which ends by itself.
    private static readonly TimeSpan TimeToStop = TimeSpan.FromHours(2);

    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>The exit code, one of <see cref="ExitCode"/>.</returns>
    public static async Task<int> InvokeAsync(CommandContext cli, string[] args)
    {
        var root = Commands.Root(cli);
        if (!Suggest.IsAsked(args))
            return (int)await RunAsync(root, args);
        await Suggest.PrintAsync(cli, root, args, CancellationToken.None);
        return (int)ExitCode.Ok;
    }

    private static async Task<ExitCode> RunAsync(RootCommand root, string[] args)
    {
        // Numbers and dates read alike on every machine, whatever its language.
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.DefaultThreadCurrentCulture
            = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        // No response files: in Fleet `@hourly` is a cron macro and not the name of a file.
        var parsed = CommandLineParser.Parse(root, args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction usage)
        {
            usage.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0;
            // Standard output carries data only, so the help of a group goes where the error goes.
            await parsed.InvokeAsync(new InvocationConfiguration { Output = Console.Error });
            return ExitCode.Usage;
        }

        try
        {
            return (ExitCode)await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToStop });
        }
        catch (CommandFailedException e)
        {
            return Fail(e.Message, e.Code);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (IOException e)
        {
            // Also the reader of our pipe that went away, as in `fleet run list | head -1`.
            return Fail(e.Message);
        }
        catch (Exception e)
        {
            return Fail($"fleet failed: {e.Message} ({e.GetType().Name})");
        }
    }

    private static ExitCode Fail(string message, ExitCode code = ExitCode.Failure)
    {
        Console.Error.WriteLine(Plain.Lines(Secrets.Hide(message)));
        return code;
    }
}
