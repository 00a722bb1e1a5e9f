using System.Globalization;

namespace Fleet.Cli.Printing;

/// <summary>Where standard output goes.</summary>
/// <param name="IsTerminal">False for a file or a pipe.</param>
/// <param name="Width">In characters; null when nothing limits it.</param>
/// <param name="HasColor">Whether text may be coloured.</param>
public sealed record Terminal(bool IsTerminal, int? Width, bool HasColor)
{
    private const int UnknownWidth = 80;

    /// <summary>Standard output of this process.</summary>
    /// <param name="color"><c>always</c>, <c>never</c>, or another text: on a terminal that can, unless <c>NO_COLOR</c> is set.</param>
    public static Terminal Detect(string? color)
    {
        var isTerminal = !Console.IsOutputRedirected;
        return new Terminal(isTerminal, isTerminal ? ReadWidth() : null, color switch
        {
            "always" => true,
            "never" => false,
            _ => isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"),
        });
    }

    private static int ReadWidth()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), CultureInfo.InvariantCulture, out var columns) && columns > 0)
            return columns;
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UnknownWidth;
        }
        catch (IOException)
        {
            return UnknownWidth;
        }
    }
}
