using System.Data.Common;
using System.Diagnostics;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using MassTransit;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;

namespace Fleet.MassTransit;

/// <summary>What a consumer behind the outbox can do in addition to MassTransit's own methods.</summary>
internal interface IConsumerOutbox
{
    DbTransaction Transaction { get; }

    Task<RunId> EnqueueAsync(RunRequest request, CancellationToken ct);
}

/// <summary>The context of a message that takes effect once. It collects what the consumer sends, publishes and enqueues, until all of this
/// is stored after the consumer has returned.</summary>
/// <param name="context">The message.</param>
/// <param name="options">The options of the endpoint.</param>
/// <param name="services">The scope of the consumer.</param>
/// <param name="parts">The services that all messages share.</param>
/// <param name="getTransaction">The transaction of the message; may open it.</param>
/// <param name="isHandled">True if the message was handled before.</param>
internal sealed class ConsumerOutbox<T>(
    ConsumeContext<T> context, OutboxConsumeOptions options, IServiceProvider services, ConsumerParts parts,
    Func<DbTransaction> getTransaction, bool isHandled)
    : OutboxConsumeContextProxy<T>(context, options, services), IConsumerOutbox
    where T : class
{
    private readonly Lock _lock = new();
    private readonly List<OutboxMessage> _messages = [];
    private readonly List<NewRun> _runs = [];

    public DbTransaction Transaction
    {
        get
        {
            HasUsedTransaction = true;
            return getTransaction();
        }
    }

    /// <summary>True if the consumer has asked for its transaction.</summary>
    public bool HasUsedTransaction { get; private set; }

    /// <summary>The results to store.</summary>
    public MessageWrite Write => new(_messages, _runs);

    public override bool ContinueProcessing { get; set; } = true;

    /// <summary>Both are true for a message that was handled before. MassTransit then reports it as consumed and does not call the
    /// consumer.</summary>
    public override bool IsMessageConsumed => isHandled;

    public override bool IsOutboxDelivered => isHandled;

    public override int ReceiveCount => 0;

    public override long? LastSequenceNumber => null;

    public async Task<RunId> EnqueueAsync(RunRequest request, CancellationToken ct)
    {
        var run = await parts.Enqueue.AcceptAsync(request, ct);
        lock (_lock)
            _runs.Add(run);
        return run.Id;
    }

    public override Task AddSend<TMessage>(SendContext<TMessage> context)
    {
        var row = ConsumerMessage.Store(
            context, CapturedContext.MessageId, parts.Buses.BrokerOf(CapturedContext.ReceiveContext.InputAddress), parts.Time.GetUtcNow());
        lock (_lock)
            _messages.Add(row);
        return Task.CompletedTask;
    }

    // The caller of the consumer stores the results, because it has the transaction.
    public override Task SetConsumed() => Task.CompletedTask;

    /// <summary>Called when everything is committed, so that the stored messages can be sent.</summary>
    public void Announce(IReadOnlyList<EnqueueOutcome> outcomes)
    {
        parts.Enqueue.Announce(_runs, outcomes);
        if (_messages.Count > 0)
            parts.Wakers.Outbox.Wake();
    }

    public override Task RemoveOutboxMessages() => Task.CompletedTask;

    // DispatchOutbox delivers the messages, so MassTransit never calls this.
    public override Task<List<OutboxMessageContext>> LoadOutboxMessages() => throw new UnreachableException();

    public override Task NotifyOutboxMessageDelivered(OutboxMessageContext message) => throw new UnreachableException();

    public override Task SetDelivered() => throw new UnreachableException();
}
