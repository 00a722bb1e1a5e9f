using System.Globalization;

namespace Fleet.Core.Workers;

/// <summary>A process's entry in <c>/proc/PID/stat</c> on Linux.</summary>
/// <param name="Id">The process id.</param>
/// <param name="IsDead">True for a zombie: the process has ended, and its parent has not read its exit code yet.</param>
/// <param name="Start">Start time, in clock ticks since boot (field 22).</param>
public readonly record struct ProcessStat(int Id, bool IsDead, long Start)
{
    // Field positions after the process name, which is the second field.
    private const int State = 0;
    private const int Threads = 17;
    private const int StartTicks = 19;

    /// <param name="process">The process id, or <c>self</c>.</param>
    /// <returns>Null when it cannot be read: no such process, hidden, or not Linux.</returns>
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

    /// <param name="text">The content of the file.</param>
    /// <returns>Null when the text has another format.</returns>
    public static ProcessStat? Parse(string text)
    {
        // The name is in parentheses and may itself contain parentheses and spaces.
        var (open, close) = (text.IndexOf('(', StringComparison.Ordinal), text.LastIndexOf(')'));
        if (open < 0 || close < open || !int.TryParse(text.AsSpan(0, open), NumberStyles.Integer, CultureInfo.InvariantCulture, out var id))
            return null;
        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length <= StartTicks
            || !long.TryParse(fields[StartTicks], NumberStyles.None, CultureInfo.InvariantCulture, out var start))
            return null;
        // A process whose main thread has ended is also shown as a zombie, but still has other threads.
        return new ProcessStat(id, fields[State] is "Z" or "X" or "x" && fields[Threads] is "0" or "1", start);
    }
}
