using System.Collections.Concurrent;
using System.Text.Json;
using RabbitMQ.Client;

namespace Fleet.Bench.Drivers.Floors;

/// <summary>R0: what the broker carries at one message per job. A quorum queue, persistent messages, every one confirmed, with a window of
/// our own: the client's tracking of confirms costs a fifth of the rate.</summary>
internal sealed class RabbitClientSide : IClientSide
{
    public const string Queue = "bench";

    private const int Window = 1000;

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource> _unconfirmed = new();
    private readonly SemaphoreSlim _publishing = new(1);
    private readonly SemaphoreSlim _window = new(Window);
    private IConnection? _connection;
    private IChannel? _channel;
    private ulong _published;
    private ulong _confirmed;

    public IEnumerable<Type> Packages => [typeof(IConnection)];

    public static Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri(Talk.Setting("BENCH_AMQP")) }.CreateConnectionAsync();

    public async Task PrepareAsync()
    {
        _connection = await ConnectAsync();
        _channel = await _connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false));
        await _channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        _channel.BasicAcksAsync += (_, confirm) =>
        {
            Confirm(confirm.DeliveryTag, confirm.Multiple);
            return Task.CompletedTask;
        };
    }

    /// <summary>Returns when the broker has confirmed.</summary>
    public async Task EnqueueAsync(NoOp args) => await await PublishAsync(args);

    public async Task EnqueueManyAsync(int count, int batch)
    {
        var last = Task.CompletedTask;
        for (var i = 0; i < count; i++)
            last = await PublishAsync(NoOp.Make());
        await last;
        // Confirms come in any order.
        while (_unconfirmed.Values.FirstOrDefault() is { } open)
            await open.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
            await _channel.DisposeAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
        _publishing.Dispose();
        _window.Dispose();
    }

    /// <returns>Once it is on its way: the task of its confirm.</returns>
    private async Task<Task> PublishAsync(NoOp args)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(args, JsonSerializerOptions.Web);
        await _window.WaitAsync();
        await _publishing.WaitAsync();
        try
        {
            var confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _unconfirmed[++_published] = confirmed;
            await _channel!.BasicPublishAsync("", Queue, mandatory: false, new BasicProperties { Persistent = true }, body);
            return confirmed.Task;
        }
        finally
        {
            _publishing.Release();
        }
    }

    private void Confirm(ulong tag, bool multiple)
    {
        for (var i = multiple ? _confirmed + 1 : tag; i <= tag; i++)
        {
            if (_unconfirmed.TryRemove(i, out var waiting))
            {
                waiting.SetResult();
                _window.Release();
            }
        }

        if (multiple)
            _confirmed = tag;
    }
}
