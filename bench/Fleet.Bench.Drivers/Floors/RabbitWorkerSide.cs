using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Bench.Drivers.Floors;

/// <summary>Prefetch 1000; one ack for 100 messages, and for what is left once none came for a moment.</summary>
internal sealed class RabbitWorkerSide(Gauge gauge) : IWorkerSide
{
    private const int AckEvery = 100;

    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(5);

    private IConnection? _connection;
    private IChannel? _channel;
    private ITimer? _rest;
    private ulong _received;
    private ulong _acknowledged;
    private int _isAcknowledging;

    public async Task StartAsync()
    {
        _connection = await RabbitClientSide.ConnectAsync();
        _channel = await _connection.CreateChannelAsync();
        (_received, _acknowledged) = (0, 0);
        await _channel.QueueDeclareAsync(
            RabbitClientSide.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string,
            object?>
            { ["x-queue-type"] = "quorum" });
        await _channel.BasicQosAsync(0, 1000, global: false);
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            gauge.Handle(JsonSerializer.Deserialize<NoOp>(message.Body.Span, JsonSerializerOptions.Web)!.Sent);
            Volatile.Write(ref _received, message.DeliveryTag);
            if (message.DeliveryTag - Volatile.Read(ref _acknowledged) >= AckEvery)
                await AcknowledgeAsync();
        };
        var channel = _channel;
        _rest = TimeProvider.System.CreateTimer(_ => AcknowledgeAsync(channel), null, Idle, Idle);
        await _channel.BasicConsumeAsync(RabbitClientSide.Queue, autoAck: false, consumer);
    }

    public async Task StopAsync()
    {
        if (_rest is not null)
            await _rest.DisposeAsync();
        if (_channel is not null)
            await _channel.DisposeAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
        (_rest, _channel, _connection) = (null, null, null);
    }

    /// <summary>The broker handles what comes on a channel in its order: an answer behind the last ack says that the ack is in.</summary>
    public async Task CompletedAsync()
    {
        await Worker.UntilAsync(async () =>
        {
            await AcknowledgeAsync();
            return Volatile.Read(ref _acknowledged) == Volatile.Read(ref _received);
        });
        await _channel!.QueueDeclarePassiveAsync(RabbitClientSide.Queue);
    }

    private async void AcknowledgeAsync(IChannel channel)
    {
        try
        {
            if (channel.IsOpen && channel == _channel)
                await AcknowledgeAsync();
        }
        catch (Exception e) when (e is AlreadyClosedException or ObjectDisposedException)
        {
            // The worker stops; what it has not acknowledged comes again.
        }
    }

    private async Task AcknowledgeAsync()
    {
        // One at a time: an ack that another one with a higher tag has overtaken closes the channel.
        if (Interlocked.Exchange(ref _isAcknowledging, 1) == 1)
            return;
        try
        {
            var upTo = Volatile.Read(ref _received);
            if (upTo == _acknowledged)
                return;
            await _channel!.BasicAckAsync(upTo, multiple: true);
            Volatile.Write(ref _acknowledged, upTo);
        }
        finally
        {
            Volatile.Write(ref _isAcknowledging, 0);
        }
    }
}
