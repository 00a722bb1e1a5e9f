using System.Collections.Concurrent;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Outbox;

/// <summary>Sends the messages of the outbox at least once: each is deleted after the broker has confirmed it. Messages of the same source
/// (a run or a consumed message) are sent in order. Different sources are sent in parallel, so their confirms are awaited together. A
/// message that fails waits for a growing pause and does not stop the others. If the broker is away, all messages wait, and this does not
/// count as a failure.</summary>
/// <remarks>A send that does not end in time continues alone, and nothing more is sent to its destination until it ends.</remarks>
public sealed partial class DispatchOutbox(
    IStorage storage, IEventSender events, ITransport transport, TimeProvider time, ILogger<DispatchOutbox> logger) : IAsyncDisposable
{
    /// <summary>Messages per pass. A source waits for the confirm of each of its messages, so the rate depends on how many sources a pass
    /// has.</summary>
    public const int BatchSize = 500;

    /// <summary>Maximum number of failing messages that are logged one by one. For further ones, the row has the error.</summary>
    public const int MaxReported = 10;

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    private readonly Setbacks _setbacks = new("outbox", "destination", transport.IsOutage, time, logger);
    private readonly Setbacks _messages = new("outbox", "message", transport.IsOutage, time, logger);
    private readonly ConcurrentDictionary<long, bool> _underWay = new();

    /// <returns>The number of due messages; <see cref="BatchSize"/> means that there may be more.</returns>
    /// <exception cref="Exception">The broker or the database is away.</exception>
    public async Task<int> ExecuteAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        string[] leftOut = [.. _setbacks.LeftOut];
        long[] underWay = [.. _underWay.Keys];
        await using var db = storage.Read();
        var query = db.Outbox.AsNoTracking().Where(m => m.NextTryAt <= now);
        // Messages of a destination that refuses them would delay all others.
        if (leftOut.Length > 0 || underWay.Length > 0)
            query = query.Where(m => !leftOut.Contains(m.Destination ?? m.Name) && !underWay.Contains(m.Id));
        var messages = await query.OrderBy(m => m.Id).Take(BatchSize).ToListAsync(ct);
        if (messages.Count == 0)
        {
            _setbacks.ThrowIfOutage();
            return 0;
        }

        Source[] sources = [
            .. messages.GroupBy(m => m.RunId?.Value ?? m.ConsumedId ?? m.MessageId).Select(source => new Source([.. source]))];
        foreach (var source in sources)
            source.Sending = SendInOrderAsync(source, ct);
        await Setbacks.WaitAsync(sources.Select(s => s.Sending), time, ct);
        Source[] ended = [.. sources.Where(s => s.Sending.IsCompleted)];
        foreach (var source in sources.Except(ended))
            LeaveBehind(source, ct);

        await StoreAsync(ended, ct);
        // After the write, so that messages that were sent before the outage are not sent again. The loop then pauses.
        if (ended.Select(s => s.Outage).FirstOrDefault(e => e is not null) is { } outage)
            throw new IOException($"The outbox waits for the broker: {outage.Message}", outage);
        return messages.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _setbacks.DisposeAsync();
        await _messages.DisposeAsync();
    }

    private static string DestinationOf(OutboxMessage message) => message.Destination ?? message.Name;

    /// <summary>Never throws, unless it is canceled.</summary>
    private async Task SendInOrderAsync(Source source, CancellationToken ct)
    {
        foreach (var message in source.Messages)
        {
            source.Current = message;
            var destination = DestinationOf(message);
            if (_setbacks.IsLeftOut(destination))
                continue;
            var begun = _setbacks.Successes;
            try
            {
                await (message.Destination is null
                    ? events.PublishEventAsync(
                        new EventMessage(message.MessageId, message.Name, message.Body, message.RunId, message.TraceParent), ct)
                    : events.SendConsumerMessageAsync(message, ct));
                source.Sent.Add(message.Id);
                _setbacks.Succeeded(destination);
                _messages.Succeeded($"{message.MessageId}");
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                if (!transport.IsOutage(e))
                {
                    source.Failed.Add((message, e));
                    if (_messages.Suspects.Count < MaxReported)
                        _messages.SetBack($"{message.MessageId}", e);
                }
                else if (_setbacks.Failed(destination, e, begun))
                {
                    if (_setbacks.IsKnown(destination))
                        source.Failed.Add((message, e));
                }
                else
                {
                    // The other messages would wait for the same broker.
                    source.Outage = e;
                    return;
                }
            }
        }
    }

    private void LeaveBehind(Source source, CancellationToken ct)
    {
        foreach (var message in source.Messages)
            _underWay[message.Id] = true;
        _setbacks.LeaveBehind(DestinationOf(source.Current), FinishAsync());

        async Task FinishAsync()
        {
            try
            {
                await source.Sending;
                if (source.Outage is { } outage)
                    _setbacks.MetOutage(DestinationOf(source.Current), outage);
                await StoreAsync([source], ct);
            }
            catch (Exception e)
            {
                LogNotStored(source.Messages.Count, e);
            }

            foreach (var message in source.Messages)
                _underWay.TryRemove(message.Id, out _);
        }
    }

    private async Task StoreAsync(Source[] sources, CancellationToken ct)
    {
        long[] sent = [.. sources.SelectMany(s => s.Sent)];
        var failed = sources.SelectMany(s => s.Failed).ToList();
        if (sent.Length == 0 && failed.Count == 0)
            return;
        var now = time.GetUtcNow();
        await storage.WriteAsync(
            async session =>
            {
                await session.Db.Outbox.Where(m => sent.Contains(m.Id)).ExecuteDeleteAsync(ct);
                foreach (var (message, error) in failed)
                {
                    var pause = TimeSpan.FromSeconds(Math.Min(MaxPause.TotalSeconds, Math.Pow(2, Math.Min(message.Failures, 16))));
                    await session.Db.Outbox.Where(m => m.Id == message.Id).ExecuteUpdateAsync(
                        set => set.SetProperty(m => m.Failures, m => m.Failures + 1)
                            .SetProperty(m => m.NextTryAt, now + pause)
                            .SetProperty(m => m.LastError, error.Message),
                        ct);
                }

                return true;
            },
            ct);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The result of sending {Count} message(s) of the outbox could not be stored; they are sent again.")]
    private partial void LogNotStored(int count, Exception e);

    /// <summary>The messages of one run or one consumed message.</summary>
    private sealed class Source(List<OutboxMessage> messages)
    {
        public List<OutboxMessage> Messages { get; } = messages;

        public Task Sending { get; set; } = Task.CompletedTask;

        /// <summary>The message that is being sent.</summary>
        public volatile OutboxMessage Current = messages[0];

        public List<long> Sent { get; } = [];

        public List<(OutboxMessage Message, Exception Error)> Failed { get; } = [];

        public Exception? Outage { get; set; }
    }
}
