using System.Data.Common;
using Fleet.Core.Storage;

namespace Fleet.Storage.Sql;

/// <summary>A connection of a driver's, outside its pool.</summary>
/// <param name="make">Makes one that is not open. Its timeouts, for opening and for each command, are the storage's to set.</param>
/// <param name="owner">Ends with this; null for nothing.</param>
public sealed class DriverConnection(Func<DbConnection> make, IDisposable? owner = null) : OwnConnection
{
    private DbConnection? _connection;

    public override T Write<T>(Func<StorageSession, T> work)
    {
        try
        {
            if (_connection is null)
            {
                _connection = make();
                _connection.Open();
            }

            using var transaction = _connection.BeginTransaction();
            var result = work(new StorageSession(transaction));
            transaction.Commit();
            return result;
        }
        catch
        {
            // It may hang on something that will never answer.
            Drop();
            throw;
        }
    }

    public override void Dispose()
    {
        Drop();
        owner?.Dispose();
    }

    private void Drop()
    {
        var connection = _connection;
        _connection = null;
        connection?.Dispose();
    }
}
