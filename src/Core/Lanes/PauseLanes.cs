using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Pauses and resumes lanes. A paused lane accepts runs, and no worker claims any of them; running runs go on. The pause is stored
/// with the lane, so it holds over restarts and for workers that start later.</summary>
/// <remarks>Workers are told by a control message, and read the pause with their next heartbeat if that is lost. So a verb returns before
/// all workers have stopped claiming: <see cref="LaneLoad.Quiet"/> of each says when it has. A run that was claimed in between runs to its
/// end.</remarks>
public sealed partial class PauseLanes(
    IStorage storage, NamedLanes lanes, IControlChannel control, TimeProvider time, ILogger<PauseLanes> logger)
{
    /// <summary>Pauses a lane. It need not exist yet. A lane that is paused already gets the new reason and the new end.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="until">When the pause ends by itself; null: when somebody resumes the lane.</param>
    /// <param name="reason">The reason, in words for people.</param>
    /// <param name="by">Who pauses it.</param>
    /// <param name="expected">What must be stored; null: anything.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="InvalidRunException">The name or the instant is refused, or there are too many lanes.</exception>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    public async Task PauseAsync(
        string lane, DateTimeOffset? until, string? reason, Actor by, Expected? expected, CancellationToken ct)
    {
        if (RunRules.CheckLane(lane) is { } refused)
            throw new InvalidRunException(refused);
        var now = time.GetUtcNow();
        if (until <= now)
            throw new InvalidRunException(RunRules.Invalid("invalid_instant", "until", until.Value.ToString("O"), "an instant to come"));
        if ((RunRules.CheckAhead("until", until, now) ?? await lanes.CheckAsync(lane, ct, isTrial: true)) is { } error)
            throw new InvalidRunException(error);
        await storage.WriteRetryingAsync(
            async session =>
            {
                var row = await session.Db.Lanes.AsTracking().FirstOrDefaultAsync(l => l.Name == lane, ct);
                expected?.Check(row?.EditVersion());
                if (row is null)
                    session.Db.Lanes.Add(row = new LaneRow { Name = lane, FirstSeenAt = now });
                var before = LaneFacts.Of(row, now);
                if (!row.IsPaused(now))
                    row.PausedSince = now;
                (row.PausedBy, row.PausedUntil) = (by, until?.ToUniversalTime());
                row.PauseReason = reason is null ? null : StoredText.Cut(reason, LaneRow.MaxReason);
                session.Audit(now, by, "lane.pause", lane, before, LaneFacts.Of(row, now), reason);
                await session.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        LogPaused(lane, by);
        await AnnounceAsync(by, ct);
    }

    /// <summary>Resumes a lane: the runs that wait are claimed. A lane that is not paused stays as it is.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="by">Who resumes it.</param>
    /// <param name="expected">What must be stored; null: anything.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when there is no such lane.</returns>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    public async Task<bool> ResumeAsync(string lane, Actor by, Expected? expected, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var found = await storage.WriteRetryingAsync(
            async session =>
            {
                if (await session.Db.Lanes.AsTracking().FirstOrDefaultAsync(l => l.Name == lane, ct) is not { } row)
                    return false;
                expected?.Check(row.EditVersion());
                var before = LaneFacts.Of(row, now);
                // The ended pause stays in the row, so that a version from before it does not match again.
                if (row.IsPaused(now))
                    row.PausedUntil = row.PausedSince;
                session.Audit(now, by, "lane.resume", lane, before, LaneFacts.Of(row, now));
                await session.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        if (!found)
            return false;
        // The row does not say who ended the pause.
        LogResumed(lane, by);
        await AnnounceAsync(by, ct);
        return true;
    }

    /// <summary>Reads the names of the lanes that are paused now.</summary>
    public Task<IReadOnlyList<string>> ListAsync(CancellationToken ct) =>
        storage.ReadAsync(async session => await storage.Lanes.ReadPausedAsync(session, await storage.GetClockAsync(session, ct), ct), ct);

    private Task AnnounceAsync(Actor by, CancellationToken ct) =>
        control.PublishControlAsync(new ControlMessage(StandingChanged: true, By: by.ToRow()), ct);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lane {Lane} was paused by {By}.")]
    private partial void LogPaused(string lane, Actor by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lane {Lane} was resumed by {By}.")]
    private partial void LogResumed(string lane, Actor by);
}
