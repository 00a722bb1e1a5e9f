using System.CommandLine;
using System.Globalization;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Bulk;

/// <summary>Commands that destroy something or touch many things ask before: on a terminal the person, and without one for
/// <c>--yes</c>. <c>--expect N</c> makes a script fail instead of touching more or less than it means to.</summary>
public sealed class Confirmation
{
    /// <summary>From this count on, a person types the count instead of a letter.</summary>
    public const int TypedFrom = 100;

    /// <summary><c>--yes</c>.</summary>
    public Option<bool> YesOption { get; } = new("--yes", "-y")
    {
        Description = "Do not ask. Without a terminal this option is required.",
    };

    /// <summary><c>--expect</c>.</summary>
    public Option<int?> ExpectOption { get; } = NumberOption.Make(
        "--expect", 0, int.MaxValue, "End with 5 and change nothing unless so many would be touched.", "N");

    /// <summary>Whether a person can be asked.</summary>
    public Func<bool> CanAsk { get; init; } = () => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Reads what the person answers; null at the end of the input.</summary>
    public Func<string?> ReadAnswer { get; init; } = () => Console.In.ReadLine();

    /// <summary>Adds both options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(YesOption);
        command.Add(ExpectOption);
    }

    /// <summary>Fails unless as many would be touched as the command line expects.</summary>
    /// <exception cref="CommandFailedException">It is another number.</exception>
    /// <param name="parsed">The command line.</param>
    /// <param name="count">How many would be touched.</param>
    /// <param name="isAtLeast">True if there may be more.</param>
    public void Expect(ParseResult parsed, int count, bool isAtLeast = false)
    {
        if (parsed.GetValue(ExpectOption) is { } expected && (expected != count || isAtLeast))
        {
            var found = isAtLeast ? $"{count} or more" : $"{count}";
            throw new CommandFailedException(
                string.Create(
                    CultureInfo.InvariantCulture, $"--expect: {expected} expected, and {found} would be touched. Nothing was changed."),
                ExitCode.Conflict);
        }
    }

    /// <summary>Asks, unless the command line says yes already. Returns when it may be done.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="what">What will be done, as an order: <c>Delete schedule nightly</c>.</param>
    /// <param name="count">How many things it touches.</param>
    /// <exception cref="UsageException">Nobody can be asked.</exception>
    /// <exception cref="CommandFailedException">The person says no.</exception>
    public void Ask(ParseResult parsed, string what, int count = 1)
    {
        if (parsed.GetValue(YesOption))
            return;
        what = Plain.Line(what);
        if (!CanAsk())
            throw new UsageException($"--yes: it is needed without a terminal, where nobody can be asked: {what}? Nothing was changed.");
        var isTyped = count >= TypedFrom;
        var wanted = count.ToString(CultureInfo.InvariantCulture);
        Console.Error.Write(isTyped ? $"{what}? Type {wanted} to go on: " : $"{what}? [y/N] ");
        var answer = ReadAnswer()?.Trim();
        var isYes = isTyped ? answer == wanted : answer?.ToLowerInvariant() is "y" or "yes";
        if (!isYes)
            throw new CommandFailedException("Nothing was changed.");
    }
}
