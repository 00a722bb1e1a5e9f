using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>A mute as somebody asks for it.</summary>
/// <param name="Until">When it ends; null: not at a time.</param>
/// <param name="UntilNewVersion">Whether it ends when a version of the program meets the group that has not met it yet.</param>
/// <param name="Reason">Why, in words for people; null for none.</param>
public sealed record MuteRequest(DateTimeOffset? Until, bool UntilNewVersion, string? Reason);

/// <summary>Mutes groups of dead letters: until the mute ends, they are left out of the lists that people look at every day.</summary>
public sealed class MuteGroups(IStorage storage, TimeProvider time)
{
    /// <summary>Who ends a mute that is over.</summary>
    public static readonly Actor EndOfMute = Actor.Create(ActorKind.Policy, "end of mute");

    /// <summary>Mutes a group, or changes how long it is muted.</summary>
    /// <param name="fingerprint">The fingerprint of the group.</param>
    /// <param name="request">How long.</param>
    /// <param name="by">Who mutes it.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The mute; null when there is no such group.</returns>
    /// <exception cref="InvalidRunException">The mute would never end, or has ended already, or there are too many.</exception>
    public async Task<Mute?> MuteAsync(string fingerprint, MuteRequest request, Actor by, bool isDryRun, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var errors = new InputErrors();
        Check(request, now, errors);
        errors.ThrowIfAny();
        return await storage.WriteRetryingAsync(
            async session =>
            {
                var db = session.Db;
                var mute = await db.Mutes.AsTracking().FirstOrDefaultAsync(m => m.Fingerprint == fingerprint, ct);
                if (mute is null && !await db.DeadLetters.AnyAsync(l => l.Fingerprint == fingerprint, ct))
                    return null;
                var before = mute is null ? null : MuteFacts.Of(mute);
                if (mute is null)
                {
                    if (await db.Mutes.CountAsync(ct) >= FindMutes.MaxMutes)
                        throw new InvalidRunException(TooMany());
                    db.Mutes.Add(mute = new Mute { Fingerprint = fingerprint, By = by });
                }

                (mute.At, mute.By, mute.Until, mute.Reason) = (now, by, request.Until, request.Reason);
                mute.Versions = request.UntilNewVersion
                    ? JsonSerializer.Serialize(await FindVersions.ExecuteAsync(db, fingerprint, ct), FleetJson.Payload)
                    : null;
                session.Audit(now, by, "dead.mute", fingerprint, before, MuteFacts.Of(mute), request.Reason);
                await db.SaveChangesAsync(ct);
                return mute;
            },
            isDryRun,
            ct);
    }

    /// <summary>Ends the mute of a group.</summary>
    /// <returns>False when it is not muted.</returns>
    public Task<bool> UnmuteAsync(string fingerprint, Actor by, bool isDryRun, CancellationToken ct) => storage.WriteRetryingAsync(
        session => EndAsync(session, fingerprint, by, ct), isDryRun, ct);

    /// <summary>Ends the mutes that are over: those whose time has come, and those whose groups were met by a new version of the
    /// program. Only the leader looks for new versions.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndMutesAsync(CancellationToken ct)
    {
        var (now, over) = (time.GetUtcNow(), new List<Mute>());
        await using (var db = storage.Read())
        {
            foreach (var mute in await db.Mutes.AsNoTracking().OrderBy(m => m.Fingerprint).Take(FindMutes.MaxMutes).ToListAsync(ct))
            {
                if (mute.Until <= now || await IsMetByNewVersionAsync(db, mute, ct))
                    over.Add(mute);
            }
        }

        var ended = 0;
        foreach (var mute in over)
        {
            var was = mute;
            if (await storage.WriteRetryingAsync(session => EndAsync(session, was.Fingerprint, EndOfMute, ct, was.At), ct))
                ended++;
        }

        return ended;
    }

    /// <summary>Finds what is wrong with a mute.</summary>
    public static void Check(MuteRequest request, DateTimeOffset now, InputErrors errors)
    {
        if (request.Until is null && !request.UntilNewVersion)
        {
            errors.Add(new InputError(
                "missing_field", "until", "until: a mute ends by itself; give until, untilNewVersion or both.", null,
                "an instant, or untilNewVersion"));
        }

        if (request.Until <= now)
        {
            errors.Add(RunRules.Invalid(
                "invalid_instant", "until", request.Until?.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
                "an instant in the future"));
        }

        errors.Add(RunRules.CheckAhead("until", request.Until, now));
    }

    private static async Task<bool> IsMetByNewVersionAsync(FleetDbContext db, Mute mute, CancellationToken ct) =>
        mute.Versions is { } known
        && await FindVersions.HasOtherAsync(db, mute.Fingerprint, JsonSerializer.Deserialize<string[]>(known)!, ct);

    private async Task<bool> EndAsync(
        StorageSession session, string fingerprint, Actor by, CancellationToken ct, DateTimeOffset? madeAt = null)
    {
        var mute = await session.Db.Mutes.AsTracking().FirstOrDefaultAsync(m => m.Fingerprint == fingerprint, ct);
        // Somebody may have muted it anew meanwhile.
        if (mute is null || (madeAt is { } at && mute.At != at))
            return false;
        session.Db.Mutes.Remove(mute);
        session.Audit(time.GetUtcNow(), by, "dead.unmute", fingerprint, MuteFacts.Of(mute), after: null);
        await session.Db.SaveChangesAsync(ct);
        return true;
    }

    private static InputError TooMany() => new(
        "too_many_mutes", "fingerprint", $"fingerprint: {FindMutes.MaxMutes} groups are muted already; end one first.", null,
        $"up to {FindMutes.MaxMutes} mutes");
}

/// <summary>A mute in the audit.</summary>
/// <param name="Until">When it ends; null: not at a time.</param>
/// <param name="UntilNewVersion">Whether a new version of the program ends it.</param>
internal sealed record MuteFacts(DateTimeOffset? Until, bool UntilNewVersion)
{
    public static MuteFacts Of(Mute mute) => new(mute.Until, mute.Versions is not null);
}
