using Fleet.Core.Lanes;
using Fleet.Core.Leadership;

namespace Fleet.Transport.RabbitMq;

/// <summary>The belts in the broker. A nudge there travels to its lane at its time, even if this process dies.</summary>
internal sealed class BrokerBelts(
    BrokerChannel channel,
    Func<string, CancellationToken, Task> declareLane,
    Func<int, CancellationToken, Task> declareBelt,
    Predicate<Exception> isOutage,
    FleetIdentity identity,
    TimeSpan lookAhead,
    TimeProvider time)
    : IDisposable
{
    /// <summary>Publishes under way at once, fewer than the channel's window: what waits for the window loses its place in line.</summary>
    private const int Chunk = 128;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly BeltTails _tails = new(RabbitMqTopology.Belts);
    private long? _term;
    private DateTimeOffset _lookedAt;

    /// <summary>Puts nudges on the belts.</summary>
    /// <returns>Those that fit on none, because each belt has a later one on it; and the lanes that the broker refuses, whose nudges were
    /// left out.</returns>
    public async Task<(IReadOnlyList<DelayedNudge> Left, IReadOnlyDictionary<string, Exception> Refused)> PutAsync(
        long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var fleet = await identity.GetAsync(ct);
            var refused = await DeclareLanesAsync(nudges, ct);
            if (refused.Count > 0)
                nudges = [.. nudges.Where(n => !refused.ContainsKey(n.Lane))];
            // Another leader's nudges may lie on the belts: at most so far ahead as leaders look.
            if (_term != term)
                await LookAsync(time.GetUtcNow() + lookAhead, ct);
            var (placed, left) = Place(nudges);
            if (left.Count > 0 && time.GetUtcNow() - _lookedAt > BetweenLooks)
            {
                await LookAsync(taken: null, ct);
                var (more, still) = Place(left);
                (placed, left) = ([.. placed, .. more], still);
            }

            // Until all of it is confirmed: after a failure nobody knows what lies where.
            _term = null;
            foreach (var chunk in placed.Chunk(Chunk))
                await Task.WhenAll(chunk.Select(p => PublishAsync(fleet, p, ct)));
            _term = term;
            return (left, refused);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Declares the lanes: what expires on a belt would be lost without their queues.</summary>
    /// <returns>Those that the broker refuses.</returns>
    private async Task<IReadOnlyDictionary<string, Exception>> DeclareLanesAsync(IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        var refused = new Dictionary<string, Exception>(StringComparer.Ordinal);
        foreach (var lane in nudges.Select(n => n.Lane).Distinct(StringComparer.Ordinal))
        {
            try
            {
                await declareLane(lane, ct);
            }
            catch (Exception e) when (!isOutage(e) && !ct.IsCancellationRequested)
            {
                refused.Add(lane, e);
            }
        }

        return refused;
    }

    /// <summary>Finds the belts that are empty, for whoever filled them. A belt that the broker refuses is not used.</summary>
    /// <param name="taken">Until when the others count as taken; null leaves them.</param>
    /// <exception cref="Exception">The broker is away, or refuses every belt.</exception>
    private async Task LookAsync(DateTimeOffset? taken, CancellationToken ct)
    {
        var refused = 0;
        for (var belt = 0; belt < RabbitMqTopology.Belts; belt++)
        {
            var number = belt;
            try
            {
                await declareBelt(number, ct);
                var riding = await channel.UseAsync((c, bounded) => c.MessageCountAsync(RabbitMqTopology.Belt(number), bounded), ct);
                if (riding == 0)
                    _tails.Set(belt, DateTimeOffset.MinValue);
                else if (taken is { } tail)
                    _tails.Set(belt, tail);
            }
            catch (Exception e) when (!isOutage(e) && !ct.IsCancellationRequested && ++refused < RabbitMqTopology.Belts)
            {
                _tails.Set(belt, DateTimeOffset.MaxValue);
            }
        }

        _lookedAt = time.GetUtcNow();
    }

    /// <summary>Gives each nudge its belt; those of one lane that are due together ride as one.</summary>
    private (List<Placed> Placed, List<DelayedNudge> Left) Place(IReadOnlyList<DelayedNudge> nudges)
    {
        var (placed, left) = (new List<Placed>(), new List<DelayedNudge>());
        foreach (var group in nudges.GroupBy(n => (n.DueAt, n.Lane)).OrderBy(g => g.Key.DueAt))
        {
            foreach (var chunk in group.Chunk(NudgePublisher.MaxIds))
            {
                if (_tails.Place(group.Key.DueAt) is { } belt)
                    placed.Add(new(belt, group.Key.Lane, group.Key.DueAt, Array.ConvertAll(chunk, n => n.Id)));
                else
                    left.AddRange(chunk);
            }
        }

        return (placed, left);
    }

    private Task PublishAsync(string fleet, Placed nudge, CancellationToken ct)
    {
        var properties = LaneMessage.Properties();
        // Rounded up: a nudge that comes a little early would be refused by the claim.
        var wait = Math.Max(0, Math.Ceiling((nudge.DueAt - time.GetUtcNow()).TotalMilliseconds));
        properties.Expiration = wait.ToString("F0");
        var body = LaneMessage.Write(new NudgeMessage { Fleet = fleet, Ids = nudge.Ids });
        return channel.PublishAsync(RabbitMqTopology.Belt(nudge.Belt), nudge.Lane, properties, body, mandatory: true, ct);
    }

    private sealed record Placed(int Belt, string Lane, DateTimeOffset DueAt, RunId[] Ids);
}
