using System.Diagnostics.CodeAnalysis;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Finds time zones by their IANA id.</summary>
internal static class Zones
{
    private const string Allowed = "an IANA time zone id such as UTC, Europe/Berlin or America/New_York";

    public static bool TryFind(
        string? id, [NotNullWhen(true)] out TimeZoneInfo? zone, [NotNullWhen(false)] out InputError? error)
    {
        error = null;
        zone = TimeZoneInfo.Utc;
        if (id is null || (!IsMachineSpecific(id) && TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone)))
            return true;

        zone = null;
        var value = Shown.Of(id);
        var nearest = Nearest.To(id, TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id));
        var hint = nearest is null ? "" : $" Did you mean '{nearest}'?";
        error = new InputError(
            "unknown_zone", "zone", $"zone: '{value}' is not a known time zone; allowed is {Allowed}.{hint}", value, Allowed);
        return false;
    }

    /// <summary>Files beside the zones that mean something else on the next machine, or count leap seconds.</summary>
    private static bool IsMachineSpecific(string id) =>
        id is "localtime" or "posixrules"
        || id.StartsWith("posix/", StringComparison.OrdinalIgnoreCase)
        || id.StartsWith("right/", StringComparison.OrdinalIgnoreCase);
}
