using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Checks;

namespace Fleet.Cli.Doctor;

/// <summary><c>fleet doctor</c>: checks a set-up from here to the last queue, and says what to do. Works while the server is
/// down.</summary>
public static class DoctorCommand
{
    private static readonly Listing<CheckView> Listing = new(check => check.Name)
    {
        { "CHECK", check => check.Name, ColumnKind.Id },
        { "STATUS", check => check.Status, ColumnKind.State },
        { "TOOK", check => Times.Span(TimeSpan.FromMilliseconds(check.Milliseconds)) },
        { "FOUND", check => check.Said },
        { "ADVICE", check => check.Advice },
    };

    // The longest name, databaseClock, and a space.
    private const int NameWidth = 14;
    private const int StatusWidth = 8;
    private const int TookWidth = 7;

    public static Command Command(CommandContext cli)
    {
        var command = new Command("doctor", "Check the set-up, server up or down, and say what to do. Exit code 1 if a check fails.")
        {
            cli.ColumnsOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            // A person sees each as it comes: a check may take seconds.
            var isLive = output.Format == OutputFormat.Table && parsed.GetValue(cli.ColumnsOption) is null;
            var checks = new List<CheckView>();
            await foreach (var check in CheckAsync(cli, parsed, ct))
            {
                checks.Add(check);
                if (isLive)
                    Show(output, check);
            }

            if (isLive)
                output.Line(Summary(checks));
            else
                output.Print(JsonSerializer.SerializeToElement(checks, ApiJson.Default.IReadOnlyListCheckView), checks, "");
            return (int)(checks.Exists(c => c.Status == "failed") ? ExitCode.Failure : ExitCode.Ok);
        });
        return command;
    }

    private static async IAsyncEnumerable<CheckView> CheckAsync(
        CommandContext cli, ParseResult parsed, [EnumeratorCancellation] CancellationToken ct)
    {
        var isUp = true;
        await foreach (var check in new ConnectionChecks(cli, parsed).ExecuteAsync(ct))
        {
            isUp &= check.Status != CheckStatus.Failed;
            yield return ToView(check);
        }

        if (isUp)
        {
            var (checks, failure) = await AskServerAsync(cli, parsed, ct);
            foreach (var check in checks)
                yield return check;
            if (failure is null)
                yield break;
            yield return ToView(new Check("checks", CheckStatus.Failed, TimeSpan.Zero, failure, "Look into the log of the server."));
        }

        foreach (var check in await SetUpChecks.ExecuteAsync(cli.Time, ct))
            yield return ToView(check);
    }

    private static async Task<(IReadOnlyList<CheckView> Checks, string? Failure)> AskServerAsync(
        CommandContext cli, ParseResult parsed, CancellationToken ct)
    {
        try
        {
            using var api = cli.Connect(parsed);
            return (api.Read(await api.GetAsync("checks", ct), ApiJson.Default.Checks).Items, null);
        }
        catch (CommandFailedException e)
        {
            return ([], e.Message);
        }
    }

    private static CheckView ToView(Check check) => new()
    {
        Name = check.Name,
        Status = check.Status.ToString().ToLowerInvariant(),
        Milliseconds = Math.Round(check.Took.TotalMilliseconds, 1),
        Said = check.Said,
        Advice = string.IsNullOrEmpty(check.Advice) ? null : check.Advice,
    };

    private static void Show(Output output, CheckView check)
    {
        var sign = check.Status switch { "ok" => '✓', "failed" => '✗', "warning" => '!', _ => '-' };
        var status = output.Terminal.HasColor
            ? Colors.State(check.Status) + new string(' ', Math.Max(1, StatusWidth - check.Status.Length))
            : check.Status.PadRight(StatusWidth);
        var took = check.Status == "skipped" ? "" : Times.Span(TimeSpan.FromMilliseconds(check.Milliseconds));
        Console.Out.WriteLine(
            $"{sign} {status}{Plain.Line(check.Name).PadRight(NameWidth)}{took.PadLeft(TookWidth)}  {Plain.Line(check.Said)}");
        if (check.Advice is { } advice)
            Console.Out.WriteLine(new string(' ', 2 + StatusWidth + NameWidth + TookWidth + 2) + "→ " + Plain.Line(advice));
    }

    private static string Summary(List<CheckView> checks)
    {
        var (failed, warnings) = (checks.Count(c => c.Status == "failed"), checks.Count(c => c.Status == "warning"));
        return (failed, warnings) switch
        {
            (0, 0) => "All is well.",
            (0, _) => string.Create(CultureInfo.InvariantCulture, $"It works, with {warnings} warning(s)."),
            _ => string.Create(CultureInfo.InvariantCulture, $"{failed} failed, {warnings} warning(s)."),
        };
    }
}
