using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class LeaseStatements(PlainSql sql) : ILeaseStatements
{
    private const string FindOwner = "SELECT owner FROM fleet.leases WHERE name = @name";

    private const string Add = "INSERT INTO fleet.leases (name, owner, term, expires_at) VALUES (@name, @owner, @term, @expires)";

    public async Task<string?> FindOwnerAsync(StorageSession session, string name, CancellationToken ct)
    {
        var found = await sql.QueryAsync(session, FindOwner, row => row.GetString(0), ct, ("@name", name));
        return found is [var owner] ? owner : null;
    }

    public Task AddAsync(StorageSession session, Lease lease, CancellationToken ct) => sql.ExecuteAsync(
        session, Add, ct, ("@name", lease.Name), ("@owner", lease.Owner), ("@term", lease.Term), ("@expires", lease.ExpiresAt));
}
