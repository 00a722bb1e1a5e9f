using System.Data.Common;
using System.Diagnostics;
using Fleet.Core.Loops;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using MassTransit;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Transport.Consumers;

/// <summary>What a consumer behind the outbox may do beside what MassTransit offers.</summary>
internal interface IConsumerOutbox
{
    DbTransaction Transaction { get; }

    Task<RunId> EnqueueAsync(RunRequest request, CancellationToken ct);
}

/// <summary>The context of a message that is consumed in a transaction: keeps what the consumer sends, publishes and enqueues, and stores it
/// when the consumer is done.</summary>
internal sealed class ConsumerOutbox<T>(
    ConsumeContext<T> context,
    OutboxConsumeOptions options,
    IServiceProvider services,
    DbContext db,
    WriteScope scope,
    IStorage storage,
    EnqueueRuns enqueue,
    TimeProvider time,
    bool isHandled) : OutboxConsumeContextProxy<T>(context, options, services), IConsumerOutbox
    where T : class
{
    private readonly Lock _lock = new();
    private readonly List<OutboxMessage> _messages = [];
    private readonly List<NewRun> _runs = [];
    private IReadOnlyList<EnqueueOutcome> _outcomes = [];

    public DbTransaction Transaction => scope.Transaction;

    public override bool ContinueProcessing { get; set; } = true;

    /// <summary>Both are true for a message that was handled before: MassTransit then reports it as consumed and calls nobody.</summary>
    public override bool IsMessageConsumed => isHandled;

    public override bool IsOutboxDelivered => isHandled;

    public override int ReceiveCount => 0;

    public override long? LastSequenceNumber => null;

    public async Task<RunId> EnqueueAsync(RunRequest request, CancellationToken ct)
    {
        var run = await enqueue.AcceptAsync(request, ct);
        lock (_lock)
            _runs.Add(run);
        return run.Id;
    }

    public override Task AddSend<TMessage>(SendContext<TMessage> context)
    {
        var row = ConsumerMessage.Store(context, CapturedContext.MessageId, time.GetUtcNow());
        lock (_lock)
            _messages.Add(row);
        return Task.CompletedTask;
    }

    /// <summary>The consumer is done: everything into the transaction.</summary>
    public override async Task SetConsumed()
    {
        await db.SaveChangesAsync(CancellationToken);
        _outcomes = await storage.Statements.InsertAsync(scope.Transaction, _runs, CancellationToken);
        if (_messages.Count == 0)
            return;
        scope.Db.Outbox.AddRange(_messages);
        await scope.Db.SaveChangesAsync(CancellationToken);
    }

    /// <summary>The transaction is committed: what was stored may go.</summary>
    public void Announce(Wakers wakers)
    {
        enqueue.Announce(_runs, _outcomes);
        if (_messages.Count > 0)
            wakers.Outbox.Wake();
    }

    public override Task RemoveOutboxMessages() => Task.CompletedTask;

    // Delivery is DispatchOutbox's, so MassTransit does not come here.
    public override Task<List<OutboxMessageContext>> LoadOutboxMessages() => throw new UnreachableException();

    public override Task NotifyOutboxMessageDelivered(OutboxMessageContext message) => throw new UnreachableException();

    public override Task SetDelivered() => throw new UnreachableException();
}
