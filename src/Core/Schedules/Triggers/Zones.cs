using System.Diagnostics.CodeAnalysis;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Finds time zones by their IANA id.</summary>
public static class Zones
{
    private const string Allowed = "an IANA time zone id such as UTC, Europe/Berlin or America/New_York";

    // On every machine with time zone data.
    private static readonly string[] Common = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"];

    /// <summary>Whether this machine has any time zone data. Some images leave it out.</summary>
    public static bool HasData => Array.Exists(Common, id => TimeZoneInfo.TryFindSystemTimeZoneById(id, out _));

    /// <summary>Whether a zone that cannot be found is only missing on this machine: it has no time zone data, or no complete
    /// ones.</summary>
    public static bool IsMissingHere(string id) => !HasData || TimeZoneInfo.TryConvertIanaIdToWindowsId(id, out _);

    /// <param name="id">Null: UTC.</param>
    /// <param name="zone">The zone, when there is one.</param>
    /// <param name="error">The refusal, else; names the nearest id.</param>
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

    /// <summary>Finds a zone by its id, in any case. The runtime's cache ignores case and the file system does not, so asking
    /// it alone would give an answer that depends on what was asked before.</summary>
    private static TimeZoneInfo? Find(string id)
    {
        if (IsMachineSpecific(id))
            return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.Id == id
            ? zone
            : TimeZoneInfo.GetSystemTimeZones().FirstOrDefault(known => known.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Files beside the zones that mean something else on the next machine, or count leap seconds.</summary>
    private static bool IsMachineSpecific(string id) =>
        id is "localtime" or "posixrules"
        || id.StartsWith("posix/", StringComparison.OrdinalIgnoreCase)
        || id.StartsWith("right/", StringComparison.OrdinalIgnoreCase);
}
