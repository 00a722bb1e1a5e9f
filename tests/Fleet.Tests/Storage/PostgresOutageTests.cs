using System.Net;
using System.Net.Sockets;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>A PostgreSQL that takes no writes, takes no connections, or ends those that it has.</summary>
public sealed class PostgresOutageTests : StorageVerbs
{
    private readonly PostgresDatabase _database;

    public PostgresOutageTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresOutageTests(PostgresDatabase database) : base(database) => _database = database;

    private PostgresStorage Storage => (PostgresStorage)Fleet.Storage;

    /// <summary>A setting of the database reaches new connections only: those of the pool would stay read-only for ever.</summary>
    [Fact]
    public async Task ReadOnly_ForAWhile_IsAnOutageAndRecoversByItself()
    {
        await Fleet.EnqueueAsync();
        await SetAsync("SET default_transaction_read_only = on");
        await EndConnectionsAsync();

        // The first one tells that its connection is gone.
        await Record.ExceptionAsync(() => Fleet.EnqueueAsync());
        var refused = await Record.ExceptionAsync(() => Fleet.EnqueueAsync());
        var ping = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => Storage.PingAsync(CancellationToken.None));
        Assert.True(Storage.IsOutage(refused!) && Storage.IsUnavailable(refused!), $"{refused}");
        Assert.Equal("database: it takes no writes (default_transaction_read_only is on)", ping.Message);

        await SetAsync("RESET default_transaction_read_only");
        await Waiting.UntilAsync(async () =>
        {
            // The clock of the pools is the test's.
            Time.Advance(TimeSpan.FromSeconds(1));
            return await Record.ExceptionAsync(() => Fleet.EnqueueAsync()) is null
                && await Record.ExceptionAsync(() => Storage.PingAsync(CancellationToken.None)) is null;
        });
    }

    [Fact]
    public async Task Refused_ByTheServer_PausesTheWholeProcessUntilItTakesConnectionsAgain()
    {
        using var proxy = new Proxy(new NpgsqlConnectionStringBuilder(_database.ConnectionString).Port);
        var user = new NpgsqlConnectionStringBuilder(
            await PostgresServer.CreateUserAsync(_database.ConnectionString))
        { Port = proxy.Port };
        await using var storage = new PostgresStorage(user.ConnectionString, Time);
        await AskAllAsync(storage);
        await SetAsync("CONNECTION LIMIT 0");
        try
        {
            await EndConnectionsAsync();
            // Each pool learns that its connections are gone; then the pause grows to its longest.
            for (var i = 0; i < 12; i++)
            {
                await Record.ExceptionAsync(() => AskAsync(storage, i));
                Time.Advance(TimeSpan.FromSeconds(7));
            }

            await Record.ExceptionAsync(() => storage.PingAsync(CancellationToken.None));

            // All kinds of use learn it at once, and the server is not asked.
            var connections = proxy.Accepted;
            var asked = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Record.ExceptionAsync(() => AskAsync(storage, i)).AsTask()));

            Assert.Equal(connections, proxy.Accepted);
            Assert.All(asked, e =>
            {
                Assert.True(storage.IsUnavailable(e!), $"{e}");
                Assert.Contains(
                    e!.Chain(),
                    inner => inner is DatabaseUnavailableException { Message: var m }
                        && m.StartsWith("database: too many connections (53300: ", StringComparison.Ordinal));
            });
        }
        finally
        {
            await SetAsync("CONNECTION LIMIT -1");
        }

        Time.Advance(TimeSpan.FromSeconds(7));
        await AskAllAsync(storage);
    }

    /// <summary>The statement had been sent: whether the server committed it before it ended the connection, nobody here can
    /// know.</summary>
    [Fact]
    public async Task Enqueue_ConnectionEndsBeforeTheAnswer_IsToldAsUnknownWithTheRunsId()
    {
        await Fleet.EnqueueAsync();
        await using var hold = await PostgresHold.StartAsync(_database.ConnectionString, "LOCK TABLE fleet.runs");
        var enqueueing = Fleet.EnqueueAsync();
        await Waiting.UntilAsync(async () => await EndWaitingAsync() == 1);

        var e = await Assert.ThrowsAsync<OutcomeUnknownException>(() => enqueueing);

        Assert.Contains($"not known whether run {Assert.Single(e.Runs)} was stored", e.Message, StringComparison.Ordinal);
        Assert.True(Storage.IsOutage(e));
    }

    /// <summary>In a transaction nothing is stored before its commit is sent.</summary>
    [Fact]
    public async Task Write_ConnectionEndsBeforeTheCommit_IsNoUnknownOutcome()
    {
        await using var hold = await PostgresHold.StartAsync(_database.ConnectionString, "LOCK TABLE fleet.runs");
        var writing = Fleet.Storage.WriteAsync(session => session.Db.Runs.ExecuteDeleteAsync(), CancellationToken.None);
        await Waiting.UntilAsync(async () => await EndWaitingAsync() == 1);

        var e = await Record.ExceptionAsync(() => writing);

        Assert.IsNotType<OutcomeUnknownException>(e);
        Assert.True(Storage.IsOutage(e!), $"{e}");
    }

    [Fact]
    public async Task Write_AnswerToTheCommitIsLost_IsUnknown()
    {
        using var proxy = new Proxy(new NpgsqlConnectionStringBuilder(_database.ConnectionString).Port);
        await using var storage = new PostgresStorage(
            new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Port = proxy.Port }.ConnectionString);

        var e = await Record.ExceptionAsync(() => storage.WriteAsync(
            async session =>
            {
                await session.Db.Leases.ToListAsync();
                proxy.LoseAnswers();
                return true;
            },
            CancellationToken.None));

        Assert.IsType<OutcomeUnknownException>(e);
    }

    private string Name => new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database!;

    private string Admin =>
        new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString;

    private static async Task AskAllAsync(PostgresStorage storage)
    {
        for (var i = 0; i < 3; i++)
            await AskAsync(storage, i);
    }

    private static async Task AskAsync(PostgresStorage storage, int kind)
    {
        switch (kind % 3)
        {
            case 0:
                await storage.PingAsync(CancellationToken.None);
                break;
            case 1:
                await storage.AutocommitAsync(
                    session => storage.Statements.ReadUnstagedAsync(session, Verbs.Noon, 1, [], CancellationToken.None),
                    CancellationToken.None);
                break;
            default:
                await using (var db = storage.Read())
                    await db.Leases.AnyAsync();
                break;
        }
    }

    private Task SetAsync(string option) => PostgresServer.ExecuteAsync(Admin, $"ALTER DATABASE {Name} {option}");

    private Task EndConnectionsAsync() =>
        PostgresServer.ExecuteAsync(Admin, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name}'");

    private Task<long> EndWaitingAsync() => PostgresServer.CountAsync(
        _database.ConnectionString,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");

    /// <summary>Stands between driver and server, counts connections, and swallows what the server says once it is told to.</summary>
    private sealed class Proxy : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly int _server;
        private volatile bool _isLost;
        private int _accepted;

        public Proxy(int server)
        {
            _server = server;
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Accepted => Volatile.Read(ref _accepted);

        public void LoseAnswers() => _isLost = true;

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            while (true)
            {
                TcpClient client;
                try
                {
                    client = await _listener.AcceptTcpClientAsync();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return;
                }

                Interlocked.Increment(ref _accepted);
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _server);
                _ = client.GetStream().CopyToAsync(server.GetStream());
                _ = AnswerAsync(server, client);
            }
        }

        private async Task AnswerAsync(TcpClient server, TcpClient client)
        {
            using (server)
            using (client)
            {
                var buffer = new byte[64 * 1024];
                int count;
                while ((count = await server.GetStream().ReadAsync(buffer)) > 0 && !_isLost)
                    await client.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }
    }
}
