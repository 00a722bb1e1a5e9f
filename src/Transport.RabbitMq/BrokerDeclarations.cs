using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>The broker does not let this process have what it needs. The message is fit for people.</summary>
internal sealed class TopologyRefusedException(string message, Exception inner) : Exception(message, inner);

/// <summary>Makes sure of exchanges and queues, each on a channel of its own: a refusal closes it. Where the user may not declare them, it
/// is enough that they are there.</summary>
internal sealed class BrokerDeclarations(BrokerProblems problems, TimeProvider time)
{
    /// <summary>A refusal stands for so long, doubled each time up to the longest: what asks for it fails at once meanwhile.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>For so long after a missing right, what is there is looked for before it is declared.</summary>
    private static readonly TimeSpan TrustRefusal = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (TopologyRefusedException Error, long At, TimeSpan Pause)> _refused = new(
        StringComparer.Ordinal);
    private long? _forbiddenAt;

    /// <summary>Declares it, or finds it there.</summary>
    /// <exception cref="TopologyRefusedException">Neither; says which part and why.</exception>
    public async Task EnsureAsync(IConnection connection, Declaration declaration, CancellationToken ct)
    {
        var key = declaration.Key;
        if (_refused.TryGetValue(key, out var last) && time.GetElapsedTime(last.At) < last.Pause)
            throw last.Error;
        if (await TryAsync(connection, declaration, ct) is { } refusal)
        {
            problems.Report(key, declaration.Severity, refusal.Message);
            var pause = last.Pause == TimeSpan.Zero ? FirstPause : last.Pause * 2 < LongestPause ? last.Pause * 2 : LongestPause;
            _refused[key] = (refusal, time.GetTimestamp(), pause);
            throw refusal;
        }

        if (_refused.TryRemove(key, out _))
            problems.Clear(key);
    }

    /// <summary>The same for several, over one channel while nothing is refused.</summary>
    /// <inheritdoc cref="EnsureAsync" path="/exception"/>
    public async Task EnsureAllAsync(IConnection connection, IReadOnlyList<Declaration> declarations, CancellationToken ct)
    {
        if (_refused.IsEmpty && _forbiddenAt is null)
        {
            try
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
                foreach (var declaration in declarations)
                    await declaration.DeclareAsync(channel, ct);
                return;
            }
            catch (OperationInterruptedException e) when (BrokerRefusal.IsFinal(e))
            {
                // Which one it is, and whether it can be done without, is found out one by one.
            }
        }

        foreach (var declaration in declarations)
            await EnsureAsync(connection, declaration, ct);
    }

    private async Task<TopologyRefusedException?> TryAsync(IConnection connection, Declaration declaration, CancellationToken ct)
    {
        var mayDeclare = _forbiddenAt is not { } at || time.GetElapsedTime(at) > TrustRefusal;
        if (!mayDeclare && await FindMissingAsync(connection, declaration, ct) is null)
            return null;
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            await declaration.DeclareAsync(channel, ct);
            return null;
        }
        catch (OperationInterruptedException e) when (BrokerRefusal.IsForbidden(e))
        {
            _forbiddenAt = time.GetTimestamp();
            var missing = await FindMissingAsync(connection, declaration, ct);
            return missing is not { } part ? null : new TopologyRefusedException(Explain(part, e), e);
        }
        catch (OperationInterruptedException e) when (BrokerRefusal.IsFinal(e))
        {
            return new TopologyRefusedException(BrokerRefusal.Read(e.ShutdownReason!.ReplyText).Problem, e);
        }
    }

    private static string Explain((string Kind, string Name) part, OperationInterruptedException e)
    {
        var control = part.Name.StartsWith(RabbitMqTopology.Control + ".", StringComparison.Ordinal);
        var (shown, what) = control
            ? (RabbitMqTopology.Control + ".*", "cancels and changed schedules are learned of some seconds later.")
            : (part.Name, "and it is not there. 'fleet broker apply' declares it for a user who has the right.");
        return $"no right to configure {part.Kind} '{shown}': {what} ({e.ShutdownReason!.ReplyText})";
    }

    /// <returns>The first part that is not there; null when all are.</returns>
    private static async Task<(string Kind, string Name)?> FindMissingAsync(
        IConnection connection, Declaration declaration, CancellationToken ct)
    {
        foreach (var part in declaration.Parts)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            if (!await IsThereAsync(channel, part, ct))
                return part;
        }

        return null;
    }

    private static async Task<bool> IsThereAsync(IChannel channel, (string Kind, string Name) part, CancellationToken ct)
    {
        try
        {
            if (part.Kind == "queue")
                await channel.QueueDeclarePassiveAsync(part.Name, ct);
            else
                await channel.ExchangeDeclarePassiveAsync(part.Name, ct);
            return true;
        }
        catch (OperationInterruptedException e) when (BrokerRefusal.IsFinal(e))
        {
            return false;
        }
    }
}
