namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>leases</c>: who leads, until when, and in which term.</summary>
public sealed class Lease
{
    public string Name { get; set; } = "";

    public string Owner { get; set; } = "";

    /// <summary>Grows with every change of leader. A write with an older term is refused.</summary>
    public long Term { get; set; }

    /// <summary>The end of the lease, by the database's clock.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}
