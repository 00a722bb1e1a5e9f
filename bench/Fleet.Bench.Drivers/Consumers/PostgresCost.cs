using System.Globalization;
using Fleet.Bench.Drivers.Fleets;
using Npgsql;

namespace Fleet.Bench.Drivers.Consumers;

/// <summary>What PostgreSQL has done since its start.</summary>
/// <param name="Commits">Transactions of this database that were committed.</param>
/// <param name="LogBytes">Bytes of write-ahead log.</param>
/// <param name="Cpu">Processor time of all its processes, as far as they live.</param>
internal readonly record struct PostgresCost(long Commits, long LogBytes, TimeSpan Cpu)
{
    private const int TicksPerSecond = 100;

    public static PostgresCost operator -(PostgresCost later, PostgresCost earlier) =>
        new(later.Commits - earlier.Commits, later.LogBytes - earlier.LogBytes, later.Cpu - earlier.Cpu);

    public static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(FleetSettings.Postgres + ";Pooling=false");
        await connection.OpenAsync();
        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    public static async Task<PostgresCost> ReadAsync()
    {
        const string sql = "SELECT pg_backend_pid(), (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()), "
            + "(pg_current_wal_insert_lsn() - '0/0')::bigint";
        await using var connection = new NpgsqlConnection(FleetSettings.Postgres + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new PostgresCost(reader.GetInt64(1), reader.GetInt64(2), CpuOfFamily(reader.GetInt32(0)));
    }

    /// <summary>The CPU of a server process's parent and all of the parent's children, dead ones included.</summary>
    private static TimeSpan CpuOfFamily(int child)
    {
        var parent = Stat(child)[1];
        long ticks = 0;
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
                continue;
            try
            {
                var stat = Stat(id);
                var isParent = id.ToString(CultureInfo.InvariantCulture) == parent;
                if (isParent || stat[1] == parent)
                    ticks += Number(stat[11]) + Number(stat[12]) + (isParent ? Number(stat[13]) + Number(stat[14]) : 0);
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return TimeSpan.FromSeconds(ticks / (double)TicksPerSecond);
    }

    /// <summary>The fields after the program's name: state, parent, …</summary>
    private static string[] Stat(int id)
    {
        var text = File.ReadAllText($"/proc/{id}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}
