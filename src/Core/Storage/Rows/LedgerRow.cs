namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>diag_ledger</c>, which the diagnostic jobs write. The table has no unique constraint, so that a run that took
/// effect twice shows.</summary>
public sealed class LedgerRow
{
    public string RunId { get; set; } = "";

    public string Key { get; set; } = "";
}
