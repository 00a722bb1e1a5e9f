using System.Text;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Access;

/// <summary>The rows of all tables that callers write to, as one text to compare.</summary>
internal static class StoredContents
{
    private static readonly string[] Tables =
        ["runs", "replays", "schedules", "views", "api_keys", "sessions", "audit", "jobs", "lanes", "workers"];

    /// <summary>What Fleet writes by itself.</summary>
    private static readonly string[] OfFleet =
    [
        "last_used_at", "last_seen_at", "planned_until", "next_plan_at", "heartbeat_at", "lease_until", "claimed_through", "lane_loads",
        "lanes", "jobs",
    ];

    /// <summary>Reads them.</summary>
    public static async Task<string> ReadContentsAsync(this IStorage storage)
    {
        await using var db = storage.Read();
        var connection = db.Database.GetDbConnection();
        await connection.OpenAsync();
        var text = new StringBuilder();
        foreach (var table in Tables)
        {
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Names of our own.
            command.CommandText = $"SELECT * FROM fleet_{table} ORDER BY 1, 2";
#pragma warning restore CA2100
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                text.Append(table);
                for (var i = 0; i < rows.FieldCount; i++)
                {
                    if (!OfFleet.Contains(rows.GetName(i)))
                        text.Append(' ').Append(rows[i] is byte[] bytes ? Convert.ToHexString(bytes) : rows[i]);
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }
}
