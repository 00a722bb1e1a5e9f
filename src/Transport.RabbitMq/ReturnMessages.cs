using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>What becomes of a lane's message that was not handled: it goes on, comes again later, or is laid aside. Given back to the queue
/// instead, it would come again at once, and an outage would use up the delivery limit of innocent messages.</summary>
/// <param name="lane">The lane.</param>
/// <param name="channel">A channel for messages that others wrote.</param>
/// <param name="ensure">Makes sure of a declaration.</param>
/// <param name="pauses">How long a message waits after each unexpected error; after the last of them it is parked.</param>
/// <param name="time">For instants.</param>
/// <param name="logger">For what happens.</param>
internal sealed partial class ReturnMessages(
    string lane, BrokerChannel channel, Func<Declaration, CancellationToken, Task> ensure, IReadOnlyList<TimeSpan> pauses,
    TimeProvider time, ILogger logger) : IDisposable
{
    public const string ReasonHeader = "fleet-reason";
    public const string LaneHeader = "fleet-lane";
    public const string ParkedAtHeader = "fleet-parked-at";

    /// <summary>How often handling it failed unexpectedly. In the message, so that it outlives the worker.</summary>
    public const string TriesHeader = "fleet-tries";

    /// <summary>When that happened first.</summary>
    public const string FirstTryHeader = "fleet-first-try";

    private const int MaxReason = 1000;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>A message that failed for so long is parked though it has tries left: its lane is so full that they take hours.</summary>
    private static readonly TimeSpan LongestTrying = TimeSpan.FromHours(1);

    private static readonly TimeSpan BetweenOutageLines = TimeSpan.FromSeconds(10);

    private static readonly string[] OfTheBroker =
        ["x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "x-last-death-exchange", "x-last-death-queue",
            "x-last-death-reason", "x-delivery-count"];

    private readonly CancellationTokenSource _stop = new();
    private long? _outageToldAt;

    /// <summary>Ends the pauses: what waits in one goes to the end of its lane at once.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    public void Dispose() => _stop.Dispose();

    /// <summary>Sends a message to the end of its lane.</summary>
    public Task SendOnAsync(byte[] body, IReadOnlyBasicProperties original) => SendOnAsync(body, original, tries: null);

    /// <summary>After an outage: to the end of its lane after a pause in which this listener takes nothing else, for as often as it
    /// takes.</summary>
    public async Task AfterOutageAsync(byte[] body, IReadOnlyBasicProperties original, Exception cause)
    {
        if (cause is not OperationCanceledException && (_outageToldAt is not { } at || time.GetElapsedTime(at) > BetweenOutageLines))
        {
            _outageToldAt = time.GetTimestamp();
            LogOutage(lane, RetryPause, cause);
        }

        await PauseAsync();
        await SendOnAsync(body, original);
    }

    /// <summary>After an error that nobody expected: again after a growing pause, and parked when it fails each time. A nudge is let go
    /// instead, because its runs are rows that Reconcile finds.</summary>
    public async Task AfterErrorAsync(byte[] body, IReadOnlyBasicProperties original, Exception cause, bool isNudge)
    {
        var tries = new Tries(ReadNumber(original) + 1, ReadInstant(original) ?? time.GetUtcNow());
        var isLast = tries.Count > pauses.Count || (tries.Count > 1 && time.GetUtcNow() - tries.First > LongestTrying);
        if (isLast && isNudge)
        {
            LogDropped(lane, tries.Count, cause);
            return;
        }

        if (isLast)
        {
            LogGivenUp(lane, tries.Count, cause);
            await ParkAsync(
                body, original,
                $"It failed {tries.Count} times since {tries.First:O}, at last with {cause.GetType().Name}: {cause.Message}");
            return;
        }

        if (isNudge)
        {
            LogAgain(lane, RetryPause, cause);
            await PauseAsync();
            await SendOnAsync(body, original, tries);
            return;
        }

        var pause = pauses[tries.Count - 1];
        LogAgain(lane, pause, cause);
        await SendLaterAsync(body, original, tries, pause);
    }

    /// <summary>Lays a message aside as it came, with the reason. Headers that leave no room for it are cut.</summary>
    public async Task ParkAsync(byte[] body, IReadOnlyBasicProperties original, string reason)
    {
        reason = reason.Length > MaxReason ? string.Concat(reason.AsSpan(0, MaxReason), "…") : reason;
        LogParked(lane, reason);
        var properties = MessageHeaders.Copy(original);
        properties.Headers![ReasonHeader] = reason;
        properties.Headers[LaneHeader] = lane;
        properties.Headers[ParkedAtHeader] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        await PublishAsync(Declaration.Shared, RabbitMqTopology.Parked, "", properties, body, ReasonHeader, LaneHeader, ParkedAtHeader);
    }

    /// <summary>Has the broker bring it after a pause, so that it holds no place among the messages that are handled here.</summary>
    private async Task SendLaterAsync(byte[] body, IReadOnlyBasicProperties original, Tries tries, TimeSpan pause)
    {
        var properties = Mark(original, tries);
        properties.Expiration = pause.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture);
        var number = Math.Min(pauses.Distinct().Order().ToList().IndexOf(pause), RabbitMqTopology.Agains - 1);
        var waiting = RabbitMqTopology.Again(number);
        try
        {
            await ensure(Declaration.Again(number), CancellationToken.None);
            await TryPublishAsync(waiting, lane, properties, body, TriesHeader, FirstTryHeader);
        }
        catch (Exception e)
        {
            // No right to it, or it is full: the pause is shorter and taken here.
            LogNoLater(waiting, e);
            await PauseAsync();
            await SendOnAsync(body, original, tries);
        }
    }

    private Task SendOnAsync(byte[] body, IReadOnlyBasicProperties original, Tries? tries) =>
        PublishAsync(Declaration.Lane(lane), RabbitMqTopology.Lanes, lane, Mark(original, tries), body, TriesHeader, FirstTryHeader);

    private static BasicProperties Mark(IReadOnlyBasicProperties original, Tries? tries)
    {
        var properties = MessageHeaders.Copy(original);
        // A broker that finds them takes the next expiry for a message that goes round in circles, and drops it.
        foreach (var name in OfTheBroker)
            properties.Headers!.Remove(name);
        if (tries is not { } failed)
            return properties;
        properties.Headers![TriesHeader] = failed.Count;
        properties.Headers[FirstTryHeader] = failed.First.ToString("O", CultureInfo.InvariantCulture);
        return properties;
    }

    /// <summary>Publishes; when that fails, the delivery is given back to the broker after a pause. The broker counts those, so even a
    /// message that can go nowhere comes a bounded number of times.</summary>
    private async Task PublishAsync(
        Declaration needed, string exchange, string routingKey, BasicProperties properties, byte[] body, params string[] mine)
    {
        try
        {
            await ensure(needed, CancellationToken.None);
            await TryPublishAsync(exchange, routingKey, properties, body, mine);
        }
        catch (Exception e)
        {
            LogNotSent(lane, e);
            await PauseAsync();
            throw;
        }
    }

    private async Task TryPublishAsync(string exchange, string routingKey, BasicProperties properties, byte[] body, params string[] mine)
    {
        MessageHeaders.Fit(properties, await channel.ReadHeaderLimitAsync(CancellationToken.None), mine);
        await channel.PublishAsync(exchange, routingKey, properties, body, mandatory: true, CancellationToken.None);
    }

    /// <summary>A worker that stops does not wait: somebody else may take it now.</summary>
    private async Task PauseAsync() => await Task.WhenAny(Task.Delay(RetryPause, time, _stop.Token));

    private static int ReadNumber(IReadOnlyBasicProperties properties) => Find(properties, TriesHeader) switch
    {
        int count => Math.Clamp(count, 0, 1_000_000),
        long count => (int)Math.Clamp(count, 0, 1_000_000),
        _ => 0,
    };

    private static DateTimeOffset? ReadInstant(IReadOnlyBasicProperties properties) =>
        Find(properties, FirstTryHeader) is byte[] bytes
        && DateTimeOffset.TryParse(
            Encoding.UTF8.GetString(bytes), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var first) ? first : null;

    private static object? Find(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers?.TryGetValue(name, out var value) is true ? value : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on lane {Lane} was parked: {Reason}")]
    private partial void LogParked(string lane, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on lane {Lane} could not be handled; next try in {Pause}.")]
    private partial void LogAgain(string lane, TimeSpan pause, Exception e);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Messages on lane {Lane} wait for an outage to end; each is tried again every {Pause}.")]
    private partial void LogOutage(string lane, TimeSpan pause, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "A message on lane {Lane} failed {Tries} times and is parked.")]
    private partial void LogGivenUp(string lane, int tries, Exception e);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "A nudge on lane {Lane} failed {Tries} times and is dropped; the scheduler nudges its runs again.")]
    private partial void LogDropped(string lane, int tries, Exception e);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A message could not be sent to {Queue}, where it should wait; it is tried again sooner.")]
    private partial void LogNoLater(string queue, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on lane {Lane} could not be forwarded; it goes back to the broker.")]
    private partial void LogNotSent(string lane, Exception e);

    /// <summary>How often a message failed, and since when.</summary>
    private readonly record struct Tries(int Count, DateTimeOffset First);
}
