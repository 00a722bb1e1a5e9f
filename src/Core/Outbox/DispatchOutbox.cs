using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Outbox;

/// <summary>Sends what the outbox holds and deletes each message after its confirm: at least once. What one run or one consumed
/// message has sent goes in order; sources go side by side, so their confirms are awaited together. A message that
/// fails waits a growing time and does not stop the others; a broker that is away makes all of them wait, and none of them count.</summary>
public sealed class DispatchOutbox(IStorage storage, ILaneTransport transport, TimeProvider time)
{
    /// <summary>Messages per pass.</summary>
    public const int BatchSize = 200;

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    /// <returns>How many messages were due; <see cref="BatchSize"/> means that there may be more.</returns>
    public async Task<int> ExecuteAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        var messages = await db.Outbox.AsNoTracking().Where(m => m.NextTryAt <= now).OrderBy(m => m.Id).Take(BatchSize).ToListAsync(ct);
        if (messages.Count == 0)
            return 0;

        var errors = await Task.WhenAll(messages
            .GroupBy(m => m.RunId?.Value ?? m.ConsumedId ?? m.MessageId)
            .Select(source => SendInOrderAsync(source, ct)));
        var failed = errors.SelectMany(e => e).ToList();
        var unsent = failed.Select(f => f.Message.Id).ToHashSet();
        var sent = messages.Select(m => m.Id).Where(id => !unsent.Contains(id)).ToList();

        await storage.WriteAsync(
            async scope =>
            {
                await scope.Db.Outbox.Where(m => sent.Contains(m.Id)).ExecuteDeleteAsync(ct);
                foreach (var (message, error) in failed.Where(f => !transport.IsOutage(f.Error)))
                {
                    var pause = TimeSpan.FromSeconds(Math.Min(MaxPause.TotalSeconds, Math.Pow(2, Math.Min(message.Failures, 16))));
                    await scope.Db.Outbox.Where(m => m.Id == message.Id).ExecuteUpdateAsync(
                        set => set.SetProperty(m => m.Failures, m => m.Failures + 1)
                            .SetProperty(m => m.NextTryAt, now + pause)
                            .SetProperty(m => m.LastError, error.Message),
                        ct);
                }

                return true;
            },
            ct);
        // After the write: what was sent before the broker went away is not sent again. The loop backs off.
        if (failed.Find(f => transport.IsOutage(f.Error)) is { Error: { } outage })
            throw new IOException($"The outbox waits for the broker: {outage.Message}", outage);
        return messages.Count;
    }

    private async Task<List<(OutboxMessage Message, Exception Error)>> SendInOrderAsync(IEnumerable<OutboxMessage> source, CancellationToken ct)
    {
        List<(OutboxMessage, Exception)> failed = [];
        foreach (var message in source)
        {
            try
            {
                await (message.Destination is null
                    ? transport.PublishEventAsync(new EventMessage(message.MessageId, message.Name, message.Body, message.RunId, message.TraceParent), ct)
                    : transport.SendConsumerMessageAsync(message, ct));
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failed.Add((message, e));
            }
        }

        return failed;
    }
}
