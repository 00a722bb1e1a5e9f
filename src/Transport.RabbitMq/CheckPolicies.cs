namespace Fleet.Transport.RabbitMq;

/// <summary>Finds policies in the broker that take from Fleet's queues what Fleet relies on. Policies are an operator's own, so they are
/// told and not refused.</summary>
internal static class CheckPolicies
{
    private enum Kind
    {
        Lane,
        Early,
        Belt,
        Parked,
        Dead,
        Other,
    }

    /// <summary>What is wrong: one line per policy, key and kind of queue.</summary>
    /// <param name="management">The management interface, with a user who may see the virtual host.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="HttpRequestException">It does not answer, or refuses the user.</exception>
    public static async Task<IReadOnlyList<string>> ExecuteAsync(ManagementApi management, CancellationToken ct) =>
        Judge(await management.ReadPoliciesAsync(ct));

    /// <summary>What is wrong with these.</summary>
    public static IReadOnlyList<string> Judge(IReadOnlyList<QueuePolicy> policies)
    {
        const int shown = 5;
        var findings = from policy in policies
                       from entry in policy.Definition
                       let harm = Harm(KindOf(policy.Queue), entry.Key, entry.Value)
                       where harm is not null
                       group policy.Queue by (policy.Policy, entry.Key, entry.Value, Harm: harm);
        return
        [
            .. findings.Select(
                f => $"{f.Key.Policy} sets {f.Key.Key} {f.Key.Value} on {string.Join(", ", f.Order(StringComparer.Ordinal).Take(shown))}"
                    + $"{(f.Count() > shown ? $" and {f.Count() - shown} more" : "")}: {f.Key.Harm}.")
                .Order(StringComparer.Ordinal),
        ];
    }

    private static Kind KindOf(string queue) => queue switch
    {
        RabbitMqTopology.Parked => Kind.Parked,
        _ when queue.StartsWith("fleet.belt.", StringComparison.Ordinal) || queue.StartsWith("fleet.again.", StringComparison.Ordinal) =>
            Kind.Belt,
        _ when queue.StartsWith(RabbitMqTopology.Control + ".", StringComparison.Ordinal) => Kind.Other,
        _ when queue.EndsWith(".dead", StringComparison.Ordinal) => Kind.Dead,
        _ when queue.EndsWith(":early", StringComparison.Ordinal) => Kind.Early,
        _ => Kind.Lane,
    };

    /// <summary>What the key breaks there; null: nothing, or an argument of the queue's own stands before it.</summary>
    private static string? Harm(Kind kind, string key, string value) => (kind, key) switch
    {
        (Kind.Lane, "message-ttl") =>
            "messages that wait longer expire: runs submitted as messages go to fleet.parked, and nudges are late until the scheduler "
            + "sends them again",
        (Kind.Belt, "message-ttl") => "delayed nudges travel too early, and are late because they have to be sent again",
        (Kind.Parked, "message-ttl") => "parked messages vanish without a trace",
        (Kind.Lane, "max-length" or "max-length-bytes") =>
            "a full queue refuses messages, so senders fail, and the runs behind refused nudges are late",
        (Kind.Belt, "max-length" or "max-length-bytes") => "a full queue refuses delayed nudges, and their runs are late",
        (Kind.Parked, "max-length" or "max-length-bytes") => "parked messages vanish when there are more",
        (Kind.Lane or Kind.Belt or Kind.Parked, "expires") => "a queue that nobody uses for so long is deleted with what is in it",
        (Kind.Lane, "delivery-limit") when long.TryParse(value, out var limit) && limit < RabbitMqTopology.DeliveryLimit =>
            "a message that was given out so often is parked though nothing is wrong with it; Fleet asks for "
                + $"{RabbitMqTopology.DeliveryLimit}",
        (Kind.Belt, "delivery-limit") => "nudges that the broker tries to hand on are lost when the limit is met",
        (Kind.Parked, "dead-letter-exchange") => "parked messages go elsewhere when they leave the queue",
        (Kind.Lane or Kind.Belt, "dead-letter-routing-key") =>
            "expired or returned messages are routed by that key and do not come to their lane",
        (Kind.Early, "max-length" or "max-length-bytes") =>
            "early nudges are refused and take the way through the lane, a few milliseconds longer",
        (Kind.Early, "expires") => "the queue of early nudges is deleted while no worker listens; it is declared again when one does",
        _ => null,
    };
}
