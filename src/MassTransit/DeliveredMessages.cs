using System.Reflection;
using System.Runtime.CompilerServices;
using MassTransit;
using MassTransit.Batching;
using MassTransit.Context;
using MassTransit.Middleware;

namespace Fleet.MassTransit;

/// <summary>The messages of a delivery: one message, or a batch.</summary>
internal static class DeliveredMessages
{
    private static readonly ConditionalWeakTable<OutboxConsumeOptions, string> Consumers = [];

    /// <summary>The ids of the messages, each once.</summary>
    /// <exception cref="MessageException">A message has no id.</exception>
    public static Guid[] IdsOf<T>(ConsumeContext<T> context) where T : class =>
        context.Message is IEnumerable<ConsumeContext> batch ? [.. batch.Select(IdOf).Distinct()] : [IdOf(context)];

    /// <summary>The name of the consumer in the inbox.</summary>
    public static string ConsumerOf(ConsumeContext context, OutboxConsumeOptions options) =>
        // MassTransit creates these options once for each consumer of an endpoint.
        Consumers.TryGetValue(options, out var known) ? known : Consumers.GetValue(options, _ => NameOf(context, options));

    private static string NameOf(ConsumeContext context, OutboxConsumeOptions options)
    {
        // A name that is too long for the key is replaced by an id of MassTransit.
        const int MaxName = 200;
        var name = $"{context.ReceiveContext.InputAddress.Segments[^1]}/{options.ConsumerType}";
        return name.Length <= MaxName ? name : options.ConsumerId.ToString();
    }

    /// <summary>The delivery without the messages of a batch that were handled before. It is unchanged if this applies to none or to all of
    /// them.</summary>
    public static ConsumeContext<T> Only<T>(ConsumeContext<T> context, Guid[] ids, IReadOnlyCollection<Guid> fresh) where T : class
    {
        if (fresh.Count == 0 || fresh.Count == ids.Length)
            return context;
        var item = typeof(T).GetGenericArguments()[0];
        return (ConsumeContext<T>)typeof(DeliveredMessages)
            .GetMethod(nameof(OnlyOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(item).Invoke(null, [context, fresh.ToHashSet()])!;
    }

    private static BatchConsumeContext<TItem> OnlyOf<TItem>(ConsumeContext<Batch<TItem>> context, HashSet<Guid> fresh) where TItem : class
    {
        var batch = context.Message;
        return new(context, new MessageBatch<TItem>(
            batch.FirstMessageReceived, batch.LastMessageReceived, batch.Mode, [.. batch.Where(m => fresh.Contains(IdOf(m)))]));
    }

    private static Guid IdOf(ConsumeContext context) => context.GetOriginalMessageId() ?? throw new MessageException(
        typeof(ConsumeContext),
        "The message has no message id (a GUID in message_id), so a second delivery could not be told from a second message. "
            + "Give it one, or consume it on an endpoint without UseFleetOutbox.");
}
