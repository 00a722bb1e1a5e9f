using System.Text.Json;
using Fleet.Core.Lanes;
using Fleet.Core.Text;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Hears control messages. One that fails is not repeated: what it says is in the database too.</summary>
internal sealed partial class ControlReceiver(
    Func<ControlMessage, CancellationToken, Task> onControl, ForeignFleets foreign, ILogger logger)
    : IFilter<ReceiveContext>
{
    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetControl");

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        try
        {
            if (JsonSerializer.Deserialize<ControlMessage>(context.Body.GetBytes(), FleetJson.Payload) is { } message
                && !await foreign.IsForeignAsync(message.Fleet, context.CancellationToken))
                await onControl(message, context.CancellationToken);
        }
        catch (Exception e)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A control message could not be handled.")]
    private partial void LogFailed(Exception e);
}
