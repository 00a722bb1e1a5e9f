using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Npgsql;
using NpgsqlTypes;
using static Fleet.Storage.Postgres.Statement;

namespace Fleet.Storage.Postgres;

/// <summary>The statements of inbox and outbox in PostgreSQL's SQL, each over arrays.</summary>
internal sealed class PostgresMessages(PostgresRunStatements runs, FleetSchema schema) : IMessageStatements
{
    internal const string FindHandled =
        "SELECT i.consumer, i.message_id FROM unnest($1::text[], $2::uuid[]) AS k(consumer, id) "
            + "JOIN fleet.inbox i ON i.consumer = k.consumer AND i.message_id = k.id";

    // One message alone needs no arrays, which are more to plan on a connection that prepares nothing.
    internal const string AddOneHandled =
        "INSERT INTO fleet.inbox (consumer, message_id, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    // Whoever is adding the same message is waited for.
    internal const string AddHandled = """
        INSERT INTO fleet.inbox (consumer, message_id, received_at)
        SELECT k.consumer, k.id, $3 FROM unnest($1::text[], $2::uuid[]) AS k(consumer, id)
        ON CONFLICT DO NOTHING RETURNING consumer, message_id
        """;

    private const string RemoveHandled =
        "DELETE FROM fleet.inbox AS i USING unnest($1::text[], $2::uuid[]) AS k(consumer, id) "
            + "WHERE i.consumer = k.consumer AND i.message_id = k.id";

    internal const string Add = """
        INSERT INTO fleet.outbox (message_id, name, body, consumed_id, destination, envelope, trace_parent,
            created_at, failures, next_try_at)
        SELECT m.message, m.name, m.body, m.consumed, m.destination, m.envelope, m.trace, m.created, 0, m.due
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
            $8::timestamptz[], $9::timestamptz[]) AS m(message, name, body, consumed, destination, envelope, trace, created, due)
        """;

    // In a transaction that a failed statement has ended, COMMIT alone would undo it and report success; this fails there.
    private const string IsIntact = "SELECT 1";

    public async Task<IReadOnlySet<InboxKey>> FindHandledAsync(
        StorageSession session, IReadOnlyCollection<InboxKey> keys, CancellationToken ct) =>
        (await QueryAsync(session, schema.In(FindHandled), KeyOf, ct, Columns(keys))).ToHashSet();

    public async Task<IReadOnlyCollection<InboxKey>> AddHandledAsync(
        StorageSession session, IReadOnlyCollection<InboxKey> keys, DateTimeOffset now, CancellationToken ct)
    {
        if (keys.Count != 1)
            return await QueryAsync(session, schema.In(AddHandled), KeyOf, ct, [.. Columns(keys), Instant(now)]);
        var key = keys.First();
        await using var command = new NpgsqlCommand(schema.In(AddOneHandled), (NpgsqlConnection)session.Connection)
        {
            Parameters = { Text(key.Consumer), Uuid(key.MessageId), Instant(now) },
        };
        return await command.ExecuteNonQueryAsync(ct) == 1 ? keys : [];
    }

    public Task RemoveHandledAsync(StorageSession session, IReadOnlyCollection<InboxKey> keys, CancellationToken ct) =>
        ExecuteAsync(session, schema.In(RemoveHandled), ct, Columns(keys));

    public Task AddAsync(StorageSession session, IReadOnlyList<OutboxMessage> messages, CancellationToken ct) =>
        messages.Count == 0 ? Task.CompletedTask : ExecuteAsync(session, schema.In(Add), ct, Rows(messages));

    public async Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(StorageSession session, MessageWrite write)
    {
        // A run that may exist already needs an answer before the commit.
        IReadOnlyList<EnqueueOutcome>? outcomes = null;
        if (!write.Runs.All(PostgresRunStatements.IsNewSimple))
            outcomes = await runs.InsertAsync(session, write.Runs, CancellationToken.None);

        await using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection);
        if (outcomes is null)
            runs.AddNewSimple(batch, write.Runs);
        if (write.Messages.Count > 0)
            batch.BatchCommands.Add(Command(schema.In(Add), Rows(write.Messages)));
        if (batch.BatchCommands.Count == 0)
            batch.BatchCommands.Add(Command(IsIntact));
        batch.BatchCommands.Add(Command("COMMIT"));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
        return outcomes ?? [.. write.Runs.Select(run => new EnqueueOutcome(EnqueueStatus.Inserted, run.Id))];
    }

    private static InboxKey KeyOf(NpgsqlDataReader reader) => new(reader.GetString(0), reader.GetGuid(1));

    private static NpgsqlParameter[] Columns(IReadOnlyCollection<InboxKey> keys) =>
        [Array(NpgsqlDbType.Text, keys.Select(k => k.Consumer)), Array(NpgsqlDbType.Uuid, keys.Select(k => k.MessageId))];

    private static NpgsqlParameter[] Rows(IReadOnlyList<OutboxMessage> messages) =>
    [
        Array(NpgsqlDbType.Uuid, messages.Select(m => m.MessageId)), Array(NpgsqlDbType.Text, messages.Select(m => m.Name)),
        Array(NpgsqlDbType.Text, messages.Select(m => m.Body)), Array(NpgsqlDbType.Uuid, messages.Select(m => m.ConsumedId)),
        Array(NpgsqlDbType.Text, messages.Select(m => m.Destination)), Array(NpgsqlDbType.Text, messages.Select(m => m.Envelope)),
        SparseArray(NpgsqlDbType.Text, messages.Select(m => m.TraceParent)),
        Array(NpgsqlDbType.TimestampTz, messages.Select(m => Utc(m.CreatedAt))),
        Array(NpgsqlDbType.TimestampTz, messages.Select(m => Utc(m.NextTryAt))),
    ];
}
