using System.Text.Json;
using Fleet.Core.Actors;
using Fleet.Core.Rules;

namespace Fleet.Core.Access;

/// <summary>A key as somebody asks for it.</summary>
/// <param name="Name">What the key is for: 1–128 printable characters.</param>
/// <param name="Role">A word of <see cref="Roles.Words"/>.</param>
/// <param name="Lanes">The lanes that it is bound to; null: all.</param>
/// <param name="ExpiresIn">How long it is valid: 1 minute to 10 years; null: 90 days.</param>
public sealed record KeyRequest(string? Name, string? Role, IReadOnlyList<string>? Lanes = null, TimeSpan? ExpiresIn = null);

/// <summary>The allowed values of the fields of a key.</summary>
public static class KeyRules
{
    /// <summary>How long a key is valid unless the request says otherwise.</summary>
    public static readonly TimeSpan DefaultLife = TimeSpan.FromDays(90);

    /// <summary>How long the old key is valid beside the new one unless the request says otherwise.</summary>
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(1);

    /// <summary>Maximum number of lanes to which a key can be bound.</summary>
    public const int MaxLanes = 50;

    private const string AllowedLife = "1m to 3650d, such as 90d";
    private const string AllowedOverlap = "0s to 30d, such as 1d";

    private static readonly TimeSpan MinLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan MaxOverlap = TimeSpan.FromDays(30);

    /// <summary>Finds all that is wrong with a request.</summary>
    public static void Check(KeyRequest request, InputErrors errors)
    {
        if (request.Name is null || !Actor.TryCreate(ActorKind.Program, request.Name, address: null, out _))
            errors.Add(RunRules.Invalid("invalid_name", "name", request.Name, $"1–{Actor.MaxName} printable characters"));
        if (Roles.Find(request.Role) is null)
            errors.Add(RunRules.Invalid("invalid_role", "role", request.Role, Roles.Words));
        if (request.ExpiresIn is { } life && (life < MinLife || life > MaxLife))
            errors.Add(RunRules.Invalid("invalid_expiry", "expiresIn", $"{life}", AllowedLife));
        CheckLanes(request.Lanes, errors);
        // It could make itself a key that is bound to none.
        if (request.Lanes is not null && request.Role == Access.Role.Admin.ToWord())
            errors.Add(RunRules.Invalid("invalid_lanes", "lanes", "lanes of an admin", "none: an admin makes keys, so cannot be bound"));
    }

    /// <summary>Checks for how long a rotated key stays valid.</summary>
    public static InputError? CheckOverlap(TimeSpan? overlap) => overlap < TimeSpan.Zero || overlap > MaxOverlap
        ? RunRules.Invalid("invalid_overlap", "overlap", $"{overlap}", AllowedOverlap)
        : null;

    /// <summary>The lanes for the row.</summary>
    public static string? ToRow(IReadOnlyList<string>? lanes) =>
        lanes is null ? null : JsonSerializer.Serialize(lanes.Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal));

    /// <summary>The lanes of a row. What cannot be read binds to no lane at all, and not to every one.</summary>
    public static IReadOnlyList<string>? FromRow(string? lanes)
    {
        try
        {
            return lanes is null ? null : JsonSerializer.Deserialize<string[]>(lanes) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static void CheckLanes(IReadOnlyList<string>? lanes, InputErrors errors)
    {
        if (lanes is null)
            return;
        if (lanes.Count is 0 or > MaxLanes)
        {
            errors.Add(RunRules.Invalid(
                "invalid_lanes", "lanes", $"{lanes.Count} lanes", $"1–{MaxLanes} names of lanes; left out: all lanes"));
        }

        for (var i = 0; i < Math.Min(lanes.Count, MaxLanes); i++)
        {
            if (RunRules.CheckLane(lanes[i]) is { } error)
                errors.Add(error with { Field = $"lanes[{i}]", Message = $"lanes[{i}]{error.Message["lane".Length..]}" });
        }
    }
}
