using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Outbox;

/// <summary>Sends what the outbox holds and deletes each message after its confirm: at least once, in the order of the
/// rows. A message that fails waits a growing time and does not stop the others.</summary>
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

        var sent = new List<long>(messages.Count);
        var failed = new List<(OutboxMessage Message, string Error)>();
        foreach (var message in messages)
        {
            try
            {
                await transport.PublishEventAsync(
                    new EventMessage(message.MessageId, message.Name, message.Body, message.RunId, message.TraceParent), ct);
                sent.Add(message.Id);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failed.Add((message, e.Message));
            }
        }

        await storage.WriteAsync(
            async scope =>
            {
                await scope.Db.Outbox.Where(m => sent.Contains(m.Id)).ExecuteDeleteAsync(ct);
                foreach (var (message, error) in failed)
                {
                    var pause = TimeSpan.FromSeconds(Math.Min(MaxPause.TotalSeconds, Math.Pow(2, Math.Min(message.Failures, 16))));
                    await scope.Db.Outbox.Where(m => m.Id == message.Id).ExecuteUpdateAsync(
                        set => set.SetProperty(m => m.Failures, m => m.Failures + 1)
                            .SetProperty(m => m.NextTryAt, now + pause)
                            .SetProperty(m => m.LastError, error),
                        ct);
                }

                return true;
            },
            ct);
        return messages.Count;
    }
}
