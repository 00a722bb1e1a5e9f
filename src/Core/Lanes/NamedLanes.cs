using System.Collections.Concurrent;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Limits the number of lanes.</summary>
public sealed record LaneOptions
{
    /// <summary>The setting's name, for errors.</summary>
    public const string Setting = "Fleet:Transport:MaxLanes";

    /// <summary>The largest <see cref="MaxLanes"/>.</summary>
    public const int MaxAllowed = 10_000;

    /// <summary>Maximum number of lanes; 1–10,000. A caller that names a lane beyond it is refused; lanes of workers and jobs are always
    /// accepted. Default: 200.</summary>
    public int MaxLanes { get; init; } = 200;
}

/// <summary>Limits the lanes that callers name, because each becomes durable queues in the broker that are never deleted. The table
/// <c>lanes</c> holds the lanes that a worker has served or a caller has named, so the limit applies to all processes together.</summary>
public sealed partial class NamedLanes(IStorage storage, LaneOptions options, TimeProvider time, ILogger<NamedLanes> logger)
{
    /// <summary>After the limit was reached, unknown lanes are refused for this long without reading the table.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(10);

    // Lane → true if it is in the table. A new lane that was named here is inserted together with the next run.
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private DateTimeOffset _fullUntil = DateTimeOffset.MinValue;
    private DateTimeOffset _warnedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _registerAfter = DateTimeOffset.MinValue;
    private volatile bool _hasNew;

    /// <summary>Checks a lane that a caller names. It only reads, because the caller may hold the only write transaction.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="isTrial">True: a new lane is checked but not registered.</param>
    /// <returns>Null when the lane is known or the limit allows one more; else the error.</returns>
    public ValueTask<InputError?> CheckAsync(string lane, CancellationToken ct, bool isTrial = false) =>
        _known.ContainsKey(lane) ? default : new(LookAsync(lane, isTrial, ct));

    /// <summary>Inserts new lanes that were named here into the table, if there are any.</summary>
    public Task RegisterAsync(CancellationToken ct) => _hasNew && time.GetUtcNow() >= _registerAfter ? WriteAsync(ct) : Task.CompletedTask;

    /// <summary>Accepts a lane that an operator named, regardless of the limit.</summary>
    public void Add(string lane)
    {
        if (_known.TryAdd(lane, false))
            _hasNew = true;
    }

    private async Task<InputError?> LookAsync(string lane, bool isTrial, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (now < _fullUntil)
            return Refuse(lane, now);
        await using var db = storage.Read();
        foreach (var name in await db.Lanes.AsNoTracking().Select(l => l.Name).ToListAsync(ct))
            _known[name] = true;
        if (_known.ContainsKey(lane))
            return null;
        if (_known.Count >= options.MaxLanes)
        {
            _fullUntil = now + FullFor;
            return Refuse(lane, now);
        }

        if (!isTrial)
            Add(lane);
        return null;
    }

    private InputError Refuse(string lane, DateTimeOffset now)
    {
        if (now - _warnedAt > BetweenWarnings)
        {
            _warnedAt = now;
            LogFull(lane, options.MaxLanes);
        }

        return new InputError(
            "too_many_lanes",
            "lane",
            $"lane: '{lane}' would be one lane too many; allowed are up to {options.MaxLanes} ({LaneOptions.Setting}), because each is a "
                + "durable queue in the broker. "
                + "Name a lane that exists, or raise the setting.",
            lane,
            $"up to {options.MaxLanes} lanes");
    }

    private async Task WriteAsync(CancellationToken ct)
    {
        _hasNew = false;
        var lanes = _known.Where(l => !l.Value).Select(l => l.Key).ToList();
        var now = time.GetUtcNow();
        try
        {
            await storage.WriteRetryingAsync(
                async session =>
                {
                    await storage.Lanes.AddAsync(session, lanes, now, ct);
                    return true;
                },
                ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // A failure here must not fail the run. While the database is away, no run can be stored either.
            _registerAfter = now + BetweenTries;
            _hasNew = true;
            LogNotRegistered(e);
            return;
        }

        foreach (var lane in lanes)
            _known[lane] = true;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Lane {Lane} was refused: there are {Limit} lanes, and Fleet:Transport:MaxLanes allows no more. Others may have been "
            + "refused too.")]
    private partial void LogFull(string lane, int limit);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "New lanes could not be stored in the table of lanes; Fleet tries again with a later run.")]
    private partial void LogNotRegistered(Exception e);
}
