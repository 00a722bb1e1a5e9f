using System.Data.Common;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Fleet.Core.Storage;

/// <summary>Ids as 16 bytes in the order of their text, for databases that have no type that sorts them so: a version 7 id
/// that was made later is the greater one.</summary>
public static class IdBytes
{
    public static byte[] ToBytes(this RunId id) => id.Value.ToByteArray(bigEndian: true);

    public static byte[] ToBytes(this WorkerId id) => id.Value.ToByteArray(bigEndian: true);

    public static Guid GetId(this DbDataReader reader, int column) => new(reader.GetFieldValue<byte[]>(column), bigEndian: true);

    public static RunId GetRunId(this DbDataReader reader, int column) => new(reader.GetId(column));

    /// <summary>Stores every id of a model so.</summary>
    public static void StoreIdsAsBytes(this ModelConfigurationBuilder configuration)
    {
        configuration.Properties<Guid>().HaveConversion<GuidConverter>();
        configuration.Properties<RunId>().HaveConversion<RunIdBytesConverter>();
        configuration.Properties<WorkerId>().HaveConversion<WorkerIdBytesConverter>();
    }

    private sealed class GuidConverter() : ValueConverter<Guid, byte[]>(id => id.ToByteArray(true), value => new Guid(value, true));

    private sealed class RunIdBytesConverter()
        : ValueConverter<RunId, byte[]>(id => id.Value.ToByteArray(true), value => new RunId(new Guid(value, true)));

    private sealed class WorkerIdBytesConverter()
        : ValueConverter<WorkerId, byte[]>(id => id.Value.ToByteArray(true), value => new WorkerId(new Guid(value, true)));
}
