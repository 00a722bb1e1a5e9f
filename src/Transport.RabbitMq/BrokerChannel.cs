using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>The message does not fit through the broker, however often it is tried.</summary>
internal sealed class MessageTooLargeException(string message) : Exception(message);

/// <summary>A channel with publisher confirms on a connection that others may share, opened when it is needed and again after it was
/// closed. Whatever is asked of it ends within <see cref="Patience"/>: a broker that is down, blocked or gone is an exception.</summary>
/// <param name="connect">Gives the connection.</param>
/// <param name="problems">Learns which rights are missing.</param>
/// <param name="time">Bounds the calls.</param>
/// <param name="patience">How long the broker may take; null is <see cref="Patience"/>.</param>
internal sealed partial class BrokerChannel(
    Func<CancellationToken, Task<IConnection>> connect, BrokerProblems problems, TimeProvider time,
    TimeSpan? patience = null) : IAsyncDisposable
{
    /// <summary>How long the broker may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Unconfirmed publishes at once. The client's own limiter throws when it is full, ours waits.</summary>
    private const int Window = 256;

    /// <summary>How often a message is tried that others keep from getting through: theirs were too large.</summary>
    private const int MaxTries = 4;

    /// <summary>After a failed opening, the next is not tried sooner: callers are many, and each attempt is a connection.</summary>
    private static readonly TimeSpan BetweenOpenings = TimeSpan.FromMilliseconds(500);

    private static readonly CreateChannelOptions Options = new(
        publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true,
        outstandingPublisherConfirmationsRateLimiter: null);

    private readonly SemaphoreSlim _opening = new(1);
    private readonly SemaphoreSlim _window = new(Window);
    private readonly ConcurrentDictionary<string, bool> _forbidden = new(StringComparer.Ordinal);
    private Opened? _opened;
    private (Exception Error, long At)? _failed;
    // The broker's limit, once it was met: a larger body closes the channel under everybody else's publishes.
    private long _maxBytes = long.MaxValue;

    /// <summary>True when messages can be expected to get through: a confirm that is late is not the connection's fault.</summary>
    public bool IsOpen => _opened is { Channel.IsOpen: true };

    /// <summary>Publishes a message; returns once the broker has it.</summary>
    /// <exception cref="PublishException">No queue took it (<c>IsReturn</c>), or the broker refused it.</exception>
    /// <exception cref="TimeoutException">The broker did not confirm in time; it may have the message.</exception>
    /// <exception cref="MessageTooLargeException">The broker takes no such message.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await TryPublishAsync(exchange, routingKey, properties, body, mandatory, ct);
                return;
            }
            catch (OperationInterruptedException e) when (LimitIn(e) is { } limit)
            {
                _maxBytes = limit;
                if (body.Length > limit)
                    throw TooLarge(body.Length, limit);
                // Somebody else's message closed the channel.
                if (tries == MaxTries)
                    throw;
            }
            catch (OperationInterruptedException e) when (BrokerRefusal.IsForbidden(e))
            {
                ReportForbidden(exchange, e);
                throw;
            }
        }
    }

    /// <summary>How many bytes the properties of a message may have on this connection.</summary>
    public Task<int> ReadHeaderLimitAsync(CancellationToken ct) =>
        WithinPatienceAsync(async bounded => MessageHeaders.LimitOf((await OpenAsync(bounded)).Connection), ct);

    /// <summary>Does something with the channel.</summary>
    public Task<T> UseAsync<T>(Func<IChannel, CancellationToken, Task<T>> action, CancellationToken ct) =>
        WithinPatienceAsync(async bounded => await action((await OpenAsync(bounded)).Channel, bounded), ct);

    /// <summary>Does something once for as long as the channel stays open: what was declared before may be gone with the broker's data. It
    /// gets the connection, for channels of its own: a refusal closes its channel, and all that is under way there.</summary>
    public async Task OnceAsync(string key, Func<IConnection, CancellationToken, Task> action, CancellationToken ct)
    {
        if (_opened is { Channel.IsOpen: true } opened && opened.Done.ContainsKey(key))
            return;
        await WithinPatienceAsync(
            async bounded =>
            {
                var current = await OpenAsync(bounded);
                await action(current.Connection, bounded);
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

    private static string RightsKey(string exchange) => "write " + exchange;

    private static MessageTooLargeException TooLarge(long bytes, long limit) =>
        new($"The message has {bytes} bytes; the broker takes up to {limit} (max_message_size).");

    /// <summary>The broker's limit of a message, when that is what it closed the channel for.</summary>
    private static long? LimitIn(OperationInterruptedException e) =>
        SizeLimit().Match(e.ShutdownReason?.ReplyText ?? "") is { Success: true } match
            ? long.Parse(match.Groups["limit"].ValueSpan, CultureInfo.InvariantCulture)
            : null;

    [GeneratedRegex(@"message size \d+ .*?(?<limit>\d+)\D*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SizeLimit();

    private void ReportForbidden(string exchange, OperationInterruptedException e)
    {
        var refusal = BrokerRefusal.Read(e.ShutdownReason!.ReplyText);
        // Another one's publish may have closed the channel.
        if (refusal.Part is { } part && part.Name != exchange)
            return;
        _forbidden[exchange] = true;
        problems.Report(
            RightsKey(exchange), Severity.Down,
            $"no right to write to exchange '{(exchange.Length > 0 ? exchange : "amq.default")}': {refusal.Problem}");
    }

    private async Task TryPublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory, CancellationToken ct)
    {
        await WithinPatienceAsync(
            async bounded =>
            {
                await _window.WaitAsync(bounded);
                try
                {
                    var opened = await OpenAsync(bounded);
                    if (body.Length > _maxBytes)
                        throw TooLarge(body.Length, _maxBytes);
                    // All of the properties travel in one frame, and one that is too large closes the connection.
                    if (properties.Headers is not null && MessageHeaders.SizeOf(properties) > MessageHeaders.LimitOf(opened.Connection))
                        throw new MessageTooLargeException(
                            $"The message's headers have {MessageHeaders.SizeOf(properties)} bytes; the broker takes up to "
                            + $"{MessageHeaders.LimitOf(opened.Connection)} (frame_max).");
                    await opened.Channel.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, bounded);
                    return true;
                }
                finally
                {
                    _window.Release();
                }
            },
            ct);
        if (!_forbidden.IsEmpty && _forbidden.TryRemove(exchange, out var _))
            problems.Clear(RightsKey(exchange));
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
            var connection = await connect(ct).WaitAsync(ct);
            var channel = await connection.CreateChannelAsync(Options, ct);
            _failed = null;
            return _opened = new Opened(connection, channel);
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
        using var limit = new CancellationTokenSource(patience ?? Patience, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await action(bounded.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The broker did not answer within {patience ?? Patience}.", e);
        }
    }

    private sealed record Opened(IConnection Connection, IChannel Channel)
    {
        public ConcurrentDictionary<string, bool> Done { get; } = new(StringComparer.Ordinal);
    }
}
