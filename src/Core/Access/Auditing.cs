using System.Text.Json;
using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Access;

/// <summary>Writes the audit.</summary>
public static class Auditing
{
    /// <summary>Maximum length of a reason, in characters.</summary>
    public const int MaxReason = 500;

    /// <summary>Adds an entry to the transaction of a change. It is stored with <c>SaveChanges</c>.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="now">When the change is made.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="action">Thing and verb, such as <c>lane.pause</c>.</param>
    /// <param name="target">The id or name of the thing.</param>
    /// <param name="before">What was stored; null when nothing was.</param>
    /// <param name="after">What is stored since; null when nothing is.</param>
    /// <param name="reason">Why, in words for people.</param>
    public static void Audit(
        this StorageSession session, DateTimeOffset now, Actor by, string action, string target, object? before, object? after,
        string? reason = null) =>
        session.Db.Audit.Add(new AuditEntry
        {
            At = now,
            By = by,
            Way = (by.Via?.Way ?? Way.Process).ToString().ToLowerInvariant(),
            KeyId = by.Via?.KeyId,
            OnBehalfOf = by.Via?.OnBehalfOf,
            Action = action,
            Target = target,
            Before = Write(before),
            After = Write(after),
            Reason = reason is null ? null : StoredText.Cut(reason, MaxReason),
        });

    private static string? Write(object? value) =>
        value is null ? null : JsonSerializer.Serialize(value, value.GetType(), FleetJson.Payload);
}
