using System.Diagnostics.CodeAnalysis;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Finds time zones by their IANA id.</summary>
public static class Zones
{
    private const string Allowed = "an IANA time zone id such as UTC, Europe/Berlin or America/New_York";

    // Exists on every machine that has time zone data.
    private static readonly string[] Common = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"];

    /// <summary>True if this machine has time zone data; some container images do not.</summary>
    public static bool HasData => Array.Exists(Common, id => TimeZoneInfo.TryFindSystemTimeZoneById(id, out _));

    /// <summary>True if an unknown zone may merely be missing on this machine, because it has no time zone data or incomplete
    /// data.</summary>
    public static bool IsMissingHere(string id) => !HasData || TimeZoneInfo.TryConvertIanaIdToWindowsId(id, out _);

    /// <param name="id">Null: UTC.</param>
    /// <param name="zone">The zone; set when the result is true.</param>
    /// <param name="error">The problem; set when the result is false. It names the nearest id.</param>
    public static bool TryFind(
        string? id, [NotNullWhen(true)] out TimeZoneInfo? zone, [NotNullWhen(false)] out InputError? error)
    {
        error = null;
        zone = TimeZoneInfo.Utc;
        if (id is null || (zone = Find(id)) is not null)
            return true;

        var value = Shown.Of(id);
        var nearest = Nearest.To(id, TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id));
        var hint = !HasData ? " This machine has no time zone data: install tzdata." : nearest is null ? "" : $" Did you mean '{nearest}'?";
        error = new InputError(
            "unknown_zone", "zone", $"zone: '{value}' is not a known time zone; allowed is {Allowed}.{hint}", value, Allowed);
        return false;
    }

    /// <summary>Finds a zone by its id, ignoring case. The runtime's cache ignores case and the file system does not, so the runtime's own
    /// answer would depend on earlier lookups.</summary>
    private static TimeZoneInfo? Find(string id)
    {
        if (IsMachineSpecific(id))
            return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.Id == id
            ? zone
            : TimeZoneInfo.GetSystemTimeZones().FirstOrDefault(known => known.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Files beside the zones that are not zones, or that count leap seconds.</summary>
    private static bool IsMachineSpecific(string id) =>
        id is "localtime" or "posixrules"
        || id.StartsWith("posix/", StringComparison.OrdinalIgnoreCase)
        || id.StartsWith("right/", StringComparison.OrdinalIgnoreCase);
}
