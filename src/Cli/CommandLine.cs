using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Fleet.Cli.Printing;
using Fleet.Core.Text;
using Fleet.Hosting;

namespace Fleet.Cli;

/// <summary>Thrown by a command that cannot do what was asked: the message goes to stderr, the exit code is 1.</summary>
public class CommandFailedException(string message) : Exception(message);

/// <summary>Parses the arguments, runs the command and turns every way to fail into a line and an exit code.</summary>
public static class CommandLine
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int BadUsage = 2;
    public const int Interrupted = 130;

    // On Ctrl+C a command is asked to stop and has this long: more than the longest drain of `fleet dev`, which ends by itself.
    private static readonly TimeSpan TimeToStop = TimeSpan.FromHours(2);

    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>The exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted.</returns>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        FleetHost.UseInvariantCulture();
        // No response files: in Fleet `@hourly` is a cron macro and not the name of a file.
        var parsed = CommandLineParser.Parse(root, args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction usage)
        {
            usage.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0;
            await parsed.InvokeAsync();
            return BadUsage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToStop });
        }
        catch (CommandFailedException e)
        {
            return Fail(e.Message);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
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

    private static int Fail(string message)
    {
        Console.Error.WriteLine(Plain.Lines(Secrets.Hide(message)));
        return Failed;
    }
}
