using System.Globalization;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary>How fire times are printed.</summary>
internal static class FireTimes
{
    /// <summary>ISO 8601 with the zone's offset, to the second. Fire times are whole seconds, but for a period below one, which no trigger
    /// takes.</summary>
    public static string Iso(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>A fire time with its day of the week, and what a moved clock does to it behind a <c>#</c>.</summary>
    public static string Line(DateTimeOffset local, string? remark) =>
        $"{Iso(local)} {local.ToString("ddd", CultureInfo.InvariantCulture)}{(remark is null ? "" : $"  # {remark}")}";

    /// <summary>The trigger of a schedule in a few words.</summary>
    public static string TriggerOf(ScheduleView schedule)
    {
        var at = schedule.At is { } instant ? $"at {instant:yyyy-MM-dd HH:mm:ssK}" : "";
        var fires = schedule.Cron ?? (schedule.Every is { } every ? $"every {every}" : at);
        return schedule.Zone is { } zone ? $"{fires} {zone}" : fires;
    }

    /// <summary>Says on stderr what a trigger may mean otherwise than its writer thinks.</summary>
    /// <param name="warnings">What the API answered.</param>
    /// <param name="place">What stands before each; null for nothing.</param>
    public static void Warn(IEnumerable<WarningView> warnings, string? place = null)
    {
        foreach (var warning in warnings)
            Console.Error.WriteLine(Plain.Lines($"{(place is null ? "" : place + ": ")}warning: {warning.Message}"));
    }

    /// <summary>Says on stderr why the fire times that were shown will not fire.</summary>
    public static void WarnUnlessRunning(string status)
    {
        if (status is "paused")
            Console.Error.WriteLine("It is paused: it fires at none of these times before it is resumed.");
        else if (status is "stopped")
            Console.Error.WriteLine("It is stopped: it fires at none of these times.");
    }
}
