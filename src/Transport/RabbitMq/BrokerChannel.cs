using System.Collections.Concurrent;
using MassTransit;
using MassTransit.RabbitMqTransport;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>A channel with publisher confirms on the bus's own connection, opened when it is needed and again after it was
/// closed. Whatever is asked of it ends within <see cref="Patience"/>: a broker that is down, blocked or gone is an exception.</summary>
internal sealed class BrokerChannel(IBusInstance bus, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long the broker may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Unconfirmed publishes at once. The client's own limiter throws when it is full, ours waits.</summary>
    private const int Window = 256;

    /// <summary>After a failed opening, the next is not tried sooner: callers are many, and each attempt is a connection.</summary>
    private static readonly TimeSpan BetweenOpenings = TimeSpan.FromMilliseconds(500);

    private static readonly CreateChannelOptions Options = new(
        publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null);

    private readonly SemaphoreSlim _opening = new(1);
    private readonly SemaphoreSlim _window = new(Window);
    private Opened? _opened;
    private (Exception Error, long At)? _failed;

    /// <summary>Publishes a message; returns once the broker has it.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.PublishException">No queue took it (<c>IsReturn</c>), or the broker refused it.</exception>
    /// <exception cref="TimeoutException">The broker did not confirm in time; it may have the message.</exception>
    public Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory, CancellationToken ct) => WithinPatienceAsync(
        async bounded =>
        {
            await _window.WaitAsync(bounded);
            try
            {
                var opened = await OpenAsync(bounded);
                await opened.Channel.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, bounded);
                return true;
            }
            finally
            {
                _window.Release();
            }
        },
        ct);

    /// <summary>Does something with the channel.</summary>
    public Task<T> UseAsync<T>(Func<IChannel, CancellationToken, Task<T>> action, CancellationToken ct) =>
        WithinPatienceAsync(async bounded => await action((await OpenAsync(bounded)).Channel, bounded), ct);

    /// <summary>Does something once for as long as the channel stays open: what was declared before may be gone with the broker's data.</summary>
    public async Task OnceAsync(string key, Func<IChannel, CancellationToken, Task> action, CancellationToken ct)
    {
        if (_opened is { Channel.IsOpen: true } opened && opened.Done.ContainsKey(key))
            return;
        await WithinPatienceAsync(
            async bounded =>
            {
                var current = await OpenAsync(bounded);
                await action(current.Channel, bounded);
                return current.Done.TryAdd(key, true);
            },
            ct);
    }

    /// <summary>Has <see cref="OnceAsync"/> do it again.</summary>
    public void Forget(string key) => _opened?.Done.TryRemove(key, out _);

    public async ValueTask DisposeAsync()
    {
        if (_opened is { } opened)
            await opened.Channel.DisposeAsync();
        _opening.Dispose();
        _window.Dispose();
    }

    private async Task<Opened> OpenAsync(CancellationToken ct)
    {
        if (_opened is { Channel.IsOpen: true } known)
            return known;
        await _opening.WaitAsync(ct);
        try
        {
            if (_opened is { Channel.IsOpen: true } current)
                return current;
            if (_failed is { } failed && time.GetElapsedTime(failed.At) < BetweenOpenings)
                throw new IOException($"The broker cannot be reached: {failed.Error.Message}", failed.Error);
            if (_opened is { } closed)
                await closed.Channel.DisposeAsync();
            IChannel? channel = null;
            var connection = ((IRabbitMqHostConfiguration)bus.HostConfiguration).ConnectionContextSupervisor;
            await connection.Send(Pipe.ExecuteAsync<ConnectionContext>(async context => channel = await context.Connection.CreateChannelAsync(Options, ct)), ct);
            _failed = null;
            return _opened = new Opened(channel!);
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException))
        {
            _failed = (e, time.GetTimestamp());
            throw;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<T> WithinPatienceAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await action(bounded.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The broker did not answer within {Patience}.", e);
        }
    }

    private sealed record Opened(IChannel Channel)
    {
        public ConcurrentDictionary<string, bool> Done { get; } = new(StringComparer.Ordinal);
    }
}
