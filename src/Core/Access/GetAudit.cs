using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>Which entries of the audit to read.</summary>
public sealed record AuditFilter
{
    /// <summary>The beginning of the action, such as <c>lane.</c>; null: all.</summary>
    public string? Action { get; init; }

    /// <summary>The thing that was changed; null: all.</summary>
    public string? Target { get; init; }

    /// <summary>Not before this instant.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this instant.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Before this entry: the last of the page before.</summary>
    public long? Before { get; init; }
}

/// <summary>Reads the audit, the newest entries first.</summary>
public sealed class GetAudit(IStorage storage)
{
    /// <summary>Reads a page.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ListAsync(AuditFilter filter, int limit, CancellationToken ct)
    {
        await using var db = storage.Read();
        var entries = db.Audit.AsNoTracking();
        if (filter.Target is { } target)
            entries = entries.Where(e => e.Target == target);
        if (filter.Action is { } action)
            entries = entries.Where(e => e.Action.StartsWith(action));
        if (filter.Since is { } since)
            entries = entries.Where(e => e.At >= since);
        if (filter.Until is { } until)
            entries = entries.Where(e => e.At < until);
        if (filter.Before is { } before)
            entries = entries.Where(e => e.Id < before);
        return await entries.OrderByDescending(e => e.Id).Take(limit).ToListAsync(ct);
    }
}
