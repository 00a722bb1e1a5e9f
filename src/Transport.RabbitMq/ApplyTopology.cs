using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>What became of one exchange or queue.</summary>
public enum ApplyOutcome
{
    /// <summary>It was missing, and was declared.</summary>
    Created,

    /// <summary>It was there.</summary>
    Exists,

    /// <summary>The broker refused it: it exists with other arguments, or the user may not declare it.</summary>
    Refused,

    /// <summary>It was not reached: what it depends on was refused.</summary>
    Missing,
}

/// <summary>One exchange or queue of the topology.</summary>
/// <param name="Kind"><c>exchange</c> or <c>queue</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Messages">How many messages of a queue are ready; null for an exchange, and for a queue that is not there.</param>
/// <param name="Problem">Why it was refused, and what to do; null when it was not.</param>
public sealed record AppliedPart(string Kind, string Name, ApplyOutcome Outcome, uint? Messages, string? Problem);

/// <summary>Declares everything that lanes need in the broker, ahead of the first worker. What is there as it should be is left
/// alone.</summary>
public static class ApplyTopology
{
    /// <summary>Policies in the broker that take from Fleet's queues what Fleet relies on: a sentence each. Empty without a
    /// <see cref="RabbitMqSettings.ManagementUri"/>.</summary>
    /// <exception cref="BrokerUnusableException">The management interface does not answer, or refuses the user.</exception>
    public static async Task<IReadOnlyList<string>> CheckPoliciesAsync(RabbitMqSettings settings, CancellationToken ct)
    {
        if (settings.ManagementUri is null)
            return [];
        using var management = new ManagementApi(settings, TimeProvider.System, NullLogger.Instance);
        try
        {
            return await CheckPolicies.ExecuteAsync(management, ct);
        }
        catch (Exception e) when (
            e is HttpRequestException or JsonException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new BrokerUnusableException(
                $"The management interface at {settings.ManagementUri.Host}:{settings.ManagementUri.Port} cannot be asked for policies: "
                + $"{e.Message}", e);
        }
    }

    /// <summary>Declares the topology.</summary>
    /// <param name="settings">The broker.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Every part, shared ones first. A part that is refused does not keep the others from being declared.</returns>
    /// <exception cref="BrokerUnusableException">Nobody answers, or not with this user or virtual host.</exception>
    public static async Task<IReadOnlyList<AppliedPart>> ExecuteAsync(RabbitMqSettings settings, IReadOnlyList<string> lanes,
        CancellationToken ct)
    {
        await using var connection = await BrokerConnection.OpenAsync(settings, ct);
        var steps = Declaration.All(lanes);
        var before = await LookAsync(connection, steps, ct);
        var problems = new Dictionary<(string, string), string>();
        foreach (var step in steps)
        {
            // A refusal closes its channel.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            try
            {
                await step.DeclareAsync(channel, ct);
            }
            catch (OperationInterruptedException e)
            {
                var refusal = BrokerRefusal.Read(e.ShutdownReason?.ReplyText ?? e.Message);
                problems[refusal.Part ?? step.Parts[0]] = refusal.Problem;
            }
        }

        var after = await LookAsync(connection, steps, ct);
        return [.. steps.SelectMany(step => step.Parts).Select(part => new AppliedPart(
            part.Kind,
            part.Name,
            problems.ContainsKey(part) ? ApplyOutcome.Refused
                : before.ContainsKey(part) ? ApplyOutcome.Exists
                : after.ContainsKey(part) ? ApplyOutcome.Created : ApplyOutcome.Missing,
            after.GetValueOrDefault(part),
            problems.GetValueOrDefault(part)))];
    }

    /// <summary>Looks at the topology without changing it.</summary>
    /// <returns>Every part, shared ones first: <see cref="ApplyOutcome.Exists"/> or <see cref="ApplyOutcome.Missing"/>.</returns>
    /// <exception cref="BrokerUnusableException">Nobody answers, or not with this user or virtual host.</exception>
    public static async Task<IReadOnlyList<AppliedPart>> CheckAsync(
        RabbitMqSettings settings, IReadOnlyList<string> lanes, CancellationToken ct)
    {
        await using var connection = await BrokerConnection.OpenAsync(settings, ct);
        var steps = Declaration.All(lanes);
        var found = await LookAsync(connection, steps, ct);
        return [.. steps.SelectMany(step => step.Parts).Select(part => new AppliedPart(
            part.Kind, part.Name, found.ContainsKey(part) ? ApplyOutcome.Exists : ApplyOutcome.Missing, found.GetValueOrDefault(part),
            Problem: null))];
    }

    /// <summary>The parts that are there, whatever their arguments, and how many messages are ready in each queue.</summary>
    private static async Task<Dictionary<(string Kind, string Name), uint?>> LookAsync(
        IConnection connection, IReadOnlyList<Declaration> steps, CancellationToken ct)
    {
        var found = new Dictionary<(string, string), uint?>();
        foreach (var part in steps.SelectMany(step => step.Parts))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            try
            {
                if (part.Kind == "queue")
                {
                    found[part] = (await channel.QueueDeclarePassiveAsync(part.Name, ct)).MessageCount;
                }
                else
                {
                    await channel.ExchangeDeclarePassiveAsync(part.Name, ct);
                    found[part] = null;
                }
            }
            catch (OperationInterruptedException)
            {
                // Not there, or not to be seen by this user; declaring it tells which.
            }
        }

        return found;
    }
}
