using System.Data.Common;
using Fleet.Core.Runs;
using Fleet.MassTransit;
using MassTransit;
using MassTransit.Configuration;
using Microsoft.EntityFrameworkCore;

namespace Fleet;

/// <summary>Fleet's inbox and outbox for MassTransit consumers of the application's own.</summary>
public static class FleetOutbox
{
    /// <summary>Gives every consumer of the endpoint one transaction on Fleet's database per message. In it the message's id is
    /// claimed, and with it becomes true what the consumer saved, published, sent and enqueued
    /// (<see cref="EnqueueRunAsync"/>): all of it once, however often the message is delivered; or nothing, when the consumer throws. What was
    /// published and sent is delivered after the commit, at least once and under the same message id.</summary>
    /// <typeparam name="TDbContext">The application's context on the database that Fleet uses; the consumer gets it from its session, with the
    /// transaction begun, and its changes are saved at the end.</typeparam>
    /// <param name="endpoint">The endpoint. Retries (<c>UseMessageRetry</c>) come first, so that each try has a transaction of its own.</param>
    /// <param name="context">As the configuration callback gives it.</param>
    /// <remarks>A message needs a message id; of a <see cref="Batch{T}"/> each message's id is claimed, and a batch that was
    /// handled in part before is handed on without that part. Ids are remembered for <c>Fleet:Scheduler:KeepInbox</c>.
    /// The transaction is open while the consumer works; with SQLite nobody else writes meanwhile, so be quick there.</remarks>
    public static void UseFleetOutbox<TDbContext>(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context) where TDbContext : DbContext =>
        Connect<TDbContext>(endpoint, context);

    /// <summary>As <see cref="UseFleetOutbox{TDbContext}"/>, for consumers without a <see cref="DbContext"/>; those with SQL of their own
    /// write through <see cref="GetFleetTransaction"/>. A consumer that has not used it for 20 messages no longer gets one: its messages are then
    /// committed together with those of others, when it has ended.</summary>
    /// <remarks>Without a transaction, two deliveries of a message to two processes at the same moment call both consumers. What one of them
    /// leaves is stored.</remarks>
    /// <inheritdoc cref="UseFleetOutbox{TDbContext}" path="/param"/>
    public static void UseFleetOutbox(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context) => Connect<NoContext>(endpoint, context);

    /// <summary>Adds a run that exists if and only if this message is consumed; the id can be used at once.</summary>
    /// <remarks>With an idempotency key that another run has by then, no run is added.</remarks>
    /// <exception cref="InvalidRunException">The job is unknown or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The endpoint does not use Fleet's outbox.</exception>
    public static Task<RunId> EnqueueRunAsync<TArgs>(
        this ConsumeContext context, TArgs args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull =>
        Find(context).EnqueueAsync(FleetClient.RequestFor(args, options), ct);

    /// <summary>The transaction of this message, for statements of one's own. Leave the commit to Fleet.</summary>
    /// <remarks>If the consumer has not used its transaction before, the call opens it and blocks the thread meanwhile.</remarks>
    /// <exception cref="InvalidOperationException">The endpoint does not use Fleet's outbox.</exception>
    public static DbTransaction GetFleetTransaction(this ConsumeContext context) => Find(context).Transaction;

    private static void Connect<TContext>(IReceiveEndpointConfigurator endpoint, IRegistrationContext context) where TContext : class
    {
        var observer = new OutboxConsumePipeSpecificationObserver<TContext>(endpoint, context);
        endpoint.ConnectConsumerConfigurationObserver(observer);
        endpoint.ConnectSagaConfigurationObserver(observer);
    }

    private static IConsumerOutbox Find(ConsumeContext context) => context.TryGetPayload(out IConsumerOutbox? outbox)
        ? outbox
        : throw new InvalidOperationException(
            $"The endpoint {context.ReceiveContext.InputAddress.AbsolutePath} does not use Fleet's outbox; call UseFleetOutbox(context) where it is configured.");
}
