using System.Globalization;

namespace Fleet.Core.Workers;

/// <summary>What Linux says of a process in <c>/proc/PID/stat</c>.</summary>
/// <param name="Id">The process id.</param>
/// <param name="IsDead">True for a process that has ended and whose parent has not asked for its exit code yet.</param>
/// <param name="Start">When it started, in clock ticks since boot: field 22.</param>
public readonly record struct ProcessStat(int Id, bool IsDead, long Start)
{
    // Positions after the name, which is the second field.
    private const int State = 0;
    private const int Threads = 17;
    private const int StartTicks = 19;

    /// <param name="process">The process id, or <c>self</c>.</param>
    /// <returns>Null when it cannot be read: there is no such process, it is hidden, or this is not Linux.</returns>
    public static ProcessStat? Read(string process)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{process}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="text">The line of the file.</param>
    /// <returns>Null when it has another form.</returns>
    public static ProcessStat? Parse(string text)
    {
        // The name stands in brackets and may itself hold brackets and spaces.
        var (open, close) = (text.IndexOf('(', StringComparison.Ordinal), text.LastIndexOf(')'));
        if (open < 0 || close < open || !int.TryParse(text.AsSpan(0, open), NumberStyles.Integer, CultureInfo.InvariantCulture, out var id))
            return null;
        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length <= StartTicks
            || !long.TryParse(fields[StartTicks], NumberStyles.None, CultureInfo.InvariantCulture, out var start))
            return null;
        // A process whose first thread alone has ended shows as a zombie as well; it has other threads.
        return new ProcessStat(id, fields[State] is "Z" or "X" or "x" && fields[Threads] is "0" or "1", start);
    }
}
