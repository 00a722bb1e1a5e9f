using Fleet.Core.Storage;
using Microsoft.Extensions.Hosting;

namespace Fleet.Samples;

/// <summary>Creates the tables of the samples before the first run can need them.</summary>
internal sealed class SampleTables(IStorage storage) : IHostedService
{
    private static readonly (string Name, string Columns)[] Tables =
    [
        ("sample_records", """
            id varchar(64) NOT NULL PRIMARY KEY, name varchar(200) NOT NULL, amount decimal(12,2) NOT NULL, updated_at bigint NOT NULL
            """),
        ("sample_cursors", """
            source varchar(400) NOT NULL PRIMARY KEY, next_since varchar(200) NOT NULL, synced_at bigint NOT NULL
            """),
        ("sample_probes", """
            run_id varchar(36) NOT NULL, endpoint varchar(400) NOT NULL, status_code int NULL, latency_ms bigint NOT NULL,
            error varchar(500) NULL, probed_at bigint NOT NULL, PRIMARY KEY (run_id, endpoint)
            """),
        ("sample_sessions", """
            id varchar(64) NOT NULL PRIMARY KEY, user_name varchar(100) NOT NULL, expires_at bigint NOT NULL
            """),
        ("sample_imports", """
            batch bigint NOT NULL, line int NOT NULL, article varchar(100) NOT NULL, amount decimal(12,2) NOT NULL,
            PRIMARY KEY (batch, line)
            """),
    ];

    public Task StartAsync(CancellationToken cancellationToken) => storage.WriteAsync(
        async session =>
        {
            foreach (var (name, columns) in Tables)
                await storage.CreateTableAsync(session, name, columns, cancellationToken);
            return true;
        },
        cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
