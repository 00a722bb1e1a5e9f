using System.Text.Json;
using System.Text.Json.Nodes;
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

    /// <summary>How many of the things that a request changed are named.</summary>
    private const int MostNamed = 5;

    /// <summary>True if changes by the actor are audited: those of people and programs, and not what the leader, a worker or a policy does
    /// on its own account.</summary>
    public static bool IsAudited(this Actor by) => by.Kind is ActorKind.Person or ActorKind.Program;

    /// <summary>Adds an entry to the transaction of a change. It is stored with <c>SaveChanges</c>. Nothing is added if before and after do
    /// not differ, or if nobody asked for the change.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="now">When the change is made.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="action">Thing and verb, such as <c>lane.pause</c>.</param>
    /// <param name="target">The id or name of the thing.</param>
    /// <param name="before">What was stored; null when nothing was. If there is an <paramref name="after"/>, too, only the members that
    /// differ are written.</param>
    /// <param name="after">What is stored since; null when nothing is.</param>
    /// <param name="reason">Why, in words for people.</param>
    public static void Audit(
        this StorageSession session, DateTimeOffset now, Actor by, string action, string target, object? before, object? after,
        string? reason = null)
    {
        if (!by.IsAudited())
            return;
        var (was, made) = (ToJson(before), ToJson(after));
        if (was is not null && made is not null)
        {
            foreach (var name in was.Select(member => member.Key).Where(name => JsonNode.DeepEquals(was[name], made[name])).ToList())
            {
                was.Remove(name);
                made.Remove(name);
            }

            if (made.Count == 0)
                return;
        }

        session.Db.Audit.Add(new AuditEntry
        {
            At = now,
            By = by,
            Way = (by.Via?.Way ?? Way.Process).ToString().ToLowerInvariant(),
            KeyId = by.Via?.KeyId,
            Subject = by.Via?.Subject,
            OnBehalfOf = by.Via?.OnBehalfOf,
            Action = action,
            Target = target,
            Before = was?.ToJsonString(FleetJson.Payload),
            After = made?.ToJsonString(FleetJson.Payload),
            Reason = reason is null ? null : StoredText.Cut(reason, MaxReason),
        });
    }

    /// <summary>The target of a request that changed several things: all of them if they are few, else their number and the first of
    /// them.</summary>
    public static string TargetOf(IReadOnlyCollection<RunId> ids) => ids.Count <= MostNamed
        ? string.Join(' ', ids)
        : $"{ids.Count} runs: {string.Join(' ', ids.Take(MostNamed))} …";

    private static JsonObject? ToJson(object? value) =>
        value is null ? null : (JsonObject)JsonSerializer.SerializeToNode(value, value.GetType(), FleetJson.Payload)!;
}
