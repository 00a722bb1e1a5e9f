using Fleet.Core.Lanes;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>Takes the messages of one of a lane's two queues, as bytes. It stands first in the receive pipe and does not hand on, so nothing is
/// deserialized by type and nothing goes to <c>_skipped</c> or <c>_error</c>; MassTransit acknowledges when it returns and
/// gives back to the queue when it throws.</summary>
internal sealed partial class LaneReceiver(string lane, LaneHandlers handlers, BrokerChannel channel, TimeProvider time, ILogger logger)
    : IFilter<ReceiveContext>, IDisposable
{
    public const string ReasonHeader = "fleet-reason";
    public const string LaneHeader = "fleet-lane";
    public const string ParkedAtHeader = "fleet-parked-at";

    private const int MaxReason = 1000;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();

    /// <summary>Ends the pauses: what waits in one goes to the end of its lane at once.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    public void Dispose() => _stop.Dispose();

    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetLane");

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        var properties = context.GetPayload<RabbitMqBasicConsumeContext>().Properties;
        var body = context.Body.GetBytes();
        try
        {
            var content = LaneMessage.Read(lane, body, properties);
            await (content.Run is { } run ? handlers.OnSubmit(run, context.CancellationToken)
                : handlers.HasRoom?.Invoke(content.Ids!.Count) is false ? SendOnAsync(body, properties)
                : (content.IsEarly ? handlers.OnEarly : handlers.OnReady)(content.Ids!, context.CancellationToken));
        }
        catch (MessageRefusedException e)
        {
            await ParkAsync(body, properties, e);
        }
        catch (Exception e)
        {
            await BringAgainAsync(body, properties, e);
        }
    }

    /// <summary>Lays a message aside as it came, with the reason.</summary>
    private async Task ParkAsync(byte[] body, IReadOnlyBasicProperties original, MessageRefusedException refusal)
    {
        var reason = refusal.Message.Length > MaxReason ? string.Concat(refusal.Message.AsSpan(0, MaxReason), "…") : refusal.Message;
        LogParked(lane, reason);
        var properties = Copy(original);
        properties.Headers![ReasonHeader] = reason;
        properties.Headers[LaneHeader] = lane;
        properties.Headers[ParkedAtHeader] = time.GetUtcNow().ToString("O");
        try
        {
            await channel.PublishAsync(RabbitMqTopology.Parked, "", properties, body, mandatory: true, CancellationToken.None);
        }
        catch (Exception e)
        {
            // The broker has trouble: the message stays with it, and comes again.
            await BringAgainAsync(body, original, e);
        }
    }

    /// <summary>Sends a message to the end of its lane after a pause, and has this delivery acknowledged. Given back instead, it
    /// would come again at once, and an outage would use up the delivery limit of innocent messages.</summary>
    private async Task BringAgainAsync(byte[] body, IReadOnlyBasicProperties original, Exception cause)
    {
        if (cause is not OperationCanceledException)
            LogAgain(lane, RetryPause, cause);
        // A worker that stops does not wait: somebody else may take it now.
        await Task.WhenAny(Task.Delay(RetryPause, time, _stop.Token));
        await SendOnAsync(body, original);
    }

    /// <summary>Sends a message to the end of its lane.</summary>
    private async Task SendOnAsync(byte[] body, IReadOnlyBasicProperties original)
    {
        var properties = Copy(original);
        properties.Headers!.Remove("CC");
        await channel.PublishAsync(RabbitMqTopology.Lanes, lane, properties, body, mandatory: true, CancellationToken.None);
    }

    private static BasicProperties Copy(IReadOnlyBasicProperties original)
    {
        var properties = new BasicProperties(original)
        {
            Persistent = true,
            Headers = original.Headers is { } headers ? new Dictionary<string, object?>(headers, StringComparer.Ordinal) : [],
        };
        // It would expire here too; and the broker refuses to publish in another user's name.
        properties.ClearExpiration();
        properties.ClearUserId();
        return properties;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on lane {Lane} was parked: {Reason}")]
    private partial void LogParked(string lane, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on lane {Lane} could not be handled; again in {Pause}.")]
    private partial void LogAgain(string lane, TimeSpan pause, Exception e);
}
