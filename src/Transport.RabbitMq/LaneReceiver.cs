using Fleet.Core.Lanes;
using MassTransit;

namespace Fleet.Transport.RabbitMq;

/// <summary>Takes the messages of one of a lane's two queues, as bytes. It stands first in the receive pipe and does not hand on, so
/// nothing is deserialized by type and nothing goes to <c>_skipped</c> or <c>_error</c>; MassTransit acknowledges when it returns and
/// gives back to the queue when it throws.</summary>
internal sealed class LaneReceiver(string lane, LaneHandlers handlers, ForeignFleets foreign, ReturnMessages returns)
    : IFilter<ReceiveContext>
{
    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetLane");

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        var properties = context.GetPayload<RabbitMqBasicConsumeContext>().Properties;
        var body = context.Body.GetBytes();
        var isNudge = false;
        try
        {
            var content = LaneMessage.Read(lane, body, properties);
            isNudge = content.Nudge is not null;
            if (content.Nudge is { } nudge && await foreign.IsForeignAsync(nudge.Fleet, context.CancellationToken))
                return;
            if (content.Nudge is { } own && handlers.HasRoom?.Invoke(own.Ids.Count) is false)
                await returns.SendOnAsync(body, properties);
            else
                await HandleAsync(content, context.CancellationToken);
        }
        catch (MessageRefusedException e)
        {
            await returns.ParkAsync(body, properties, e.Message);
        }
        catch (Exception e) when (handlers.IsOutage(e))
        {
            await returns.AfterOutageAsync(body, properties, e);
        }
        catch (Exception e)
        {
            await returns.AfterErrorAsync(body, properties, e, isNudge);
        }
    }

    private Task HandleAsync(LaneContent content, CancellationToken ct) => content.Nudge is { } nudge
        ? (nudge.Early ? handlers.OnEarly : handlers.OnReady)(nudge.Ids, ct)
        : handlers.OnSubmit(content.Run!, ct);
}
