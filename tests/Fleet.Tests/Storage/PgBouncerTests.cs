using Fleet.Storage.Postgres;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

/// <summary>PostgreSQL behind a connection pooler.</summary>
public sealed class PgBouncerTests(PostgresServer server) : IAsyncLifetime
{
    private readonly PostgresDatabase _database = new(server);

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PgBouncer.Missing is not null, PgBouncer.Missing ?? "");
        await _database.CreateAsync();
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData("transaction")]
    [InlineData("statement")]
    public async Task Start_PoolerSharesConnections_IsRefusedWithTheSettingToChange(string mode)
    {
        await using var bouncer = await PgBouncer.StartAsync(_database.ConnectionString, mode);
        await using var storage = new PostgresStorage(bouncer.ConnectionString);

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => storage.ReadSchemaAsync(CancellationToken.None));

        Assert.StartsWith(
            "Fleet:Storage:ConnectionString leads to a connection pooler that shares connections", e.Message, StringComparison.Ordinal);
        Assert.Contains("set pool_mode = session", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PoolerSharesConnections_TheServiceSaysSoInOneLine()
    {
        await using var bouncer = await PgBouncer.StartAsync(_database.ConnectionString, "transaction");

        var (code, output, error) = await FleetProcess.RunAssemblyAsync(
            "Fleet.Worker.dll", FleetProcess.ServiceSettings(bouncer.ConnectionString, "amqp://guest:guest@127.0.0.1:1/"));

        Assert.True(code == 1, $"{code}: {output}\n{error}");
        Assert.StartsWith("fleet: Fleet:Storage:ConnectionString leads to a connection pooler", error.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PoolerInSessionMode_Works()
    {
        await using var bouncer = await PgBouncer.StartAsync(_database.ConnectionString, "session");
        await using var fleet = new Verbs(
            new PostgresStorage(bouncer.ConnectionString), new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Verbs.Noon));

        Assert.True((await fleet.Storage.ReadSchemaAsync(CancellationToken.None)).IsCurrent);
        var run = await fleet.StartAsync(await fleet.RegisterAsync());
        Assert.Equal(Core.Storage.Rows.SettleOutcome.Settled, await fleet.CompleteAsync(run));
    }
}
