using System.Data.Common;
using Fleet.Core.Runs;
using Fleet.MassTransit;
using MassTransit;
using MassTransit.Configuration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet;

/// <summary>Fleet's inbox and outbox for the application's own MassTransit consumers.</summary>
public static class FleetOutbox
{
    /// <summary>Gives every consumer of the endpoint one transaction on Fleet's database per message. The transaction stores the message's
    /// id together with everything that the consumer saved, published, sent and enqueued (<see cref="EnqueueRunAsync"/>): once, however
    /// often the message is delivered. If the consumer throws, nothing is stored. Published and sent messages are delivered after the
    /// commit, at least once and with the same message id.</summary>
    /// <typeparam name="TDbContext">The application's context on the database that Fleet uses; the consumer gets it from its session, with
    /// the transaction begun, and its changes are saved at the end.</typeparam>
    /// <param name="endpoint">The endpoint. Configure retries (<c>UseMessageRetry</c>) first, so that each try has its own
    /// transaction.</param>
    /// <param name="context">The context of the configuration callback.</param>
    /// <remarks>A message needs a message id. For a <see cref="Batch{T}"/>, the ids of all messages are stored; if some messages were
    /// handled before, the consumer gets only the others. Ids are kept for <c>Fleet:Scheduler:KeepInbox</c>. The transaction is open while
    /// the consumer works. With SQLite, all other writes of the process wait during this time, so keep it short.</remarks>
    public static void UseFleetOutbox<TDbContext>(
        this IReceiveEndpointConfigurator endpoint, IRegistrationContext context) where TDbContext : DbContext =>
        Connect<TDbContext>(endpoint, context);

    /// <summary>Like <see cref="UseFleetOutbox{TDbContext}"/>, for consumers without a <see cref="DbContext"/>. Consumers with their own
    /// SQL write through <see cref="GetFleetTransaction"/>. If a consumer has not used the transaction for 20 messages, Fleet no longer
    /// opens one, and its messages share a commit with those of other consumers.</summary>
    /// <remarks>Without a transaction, if a message is delivered to two processes at the same moment, both consumers are called. The
    /// results of one of them are stored.</remarks>
    /// <inheritdoc cref="UseFleetOutbox{TDbContext}" path="/param"/>
    public static void UseFleetOutbox(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context) =>
        Connect<NoContext>(endpoint, context);

    /// <summary>Adds a run that exists if and only if this message is consumed. The id can be used immediately.</summary>
    /// <remarks>If another run has the idempotency key when this run completes, no run is added.</remarks>
    /// <exception cref="InvalidRunException">The job is unknown or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The endpoint does not use Fleet's outbox.</exception>
    public static Task<RunId> EnqueueRunAsync<TArgs>(
        this ConsumeContext context, TArgs args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull =>
        Find(context).EnqueueAsync(FleetClient.RequestFor(args, options), ct);

    /// <summary>The transaction of this message, for the consumer's own statements. Fleet commits it.</summary>
    /// <remarks>If the consumer has not used its transaction before, the call opens it and blocks the thread while doing so.</remarks>
    /// <exception cref="InvalidOperationException">The endpoint does not use Fleet's outbox.</exception>
    public static DbTransaction GetFleetTransaction(this ConsumeContext context) => Find(context).Transaction;

    private static void Connect<TContext>(IReceiveEndpointConfigurator endpoint, IRegistrationContext context) where TContext : class
    {
        if (context.GetService<ConsumerHabits>() is null)
            throw new InvalidOperationException(
                "UseFleetOutbox needs Fleet's outbox: call AddConsumerOutbox (or AddConsumers) in AddFleet.");
        var observer = new OutboxConsumePipeSpecificationObserver<TContext>(endpoint, context);
        endpoint.ConnectConsumerConfigurationObserver(observer);
        endpoint.ConnectSagaConfigurationObserver(observer);
    }

    private static IConsumerOutbox Find(ConsumeContext context) => context.TryGetPayload(out IConsumerOutbox? outbox)
        ? outbox
        : throw new InvalidOperationException(
            $"The endpoint {context.ReceiveContext.InputAddress.AbsolutePath} does not use Fleet's outbox; call UseFleetOutbox(context) "
            + "where it is configured.");
}
