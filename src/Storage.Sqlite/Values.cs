using Fleet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

/// <summary>How values look in the file, for hand-written statements.</summary>
internal static class Values
{
    public static long ToMicroseconds(DateTimeOffset instant) =>
        (instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long value) => DateTimeOffset.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond);

    public static object OrNull(object? value) => value ?? DBNull.Value;

    public static object OrNull(DateTimeOffset? value) => value is { } instant ? ToMicroseconds(instant) : DBNull.Value;

    public static object OrNull(RunId? value) => value is { } id ? id.ToBytes() : DBNull.Value;

    public static DateTimeOffset GetInstant(this SqliteDataReader reader, int column) => FromMicroseconds(reader.GetInt64(column));

    public static DateTimeOffset? GetInstantOrNull(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetInstant(column);

    public static string? GetStringOrNull(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);
}
