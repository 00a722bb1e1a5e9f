namespace Fleet.Core.Leadership;

/// <summary>The right to lead, as a leader shows it with every write: the lease and its fencing number. The lease's name is part of it, so
/// that a second leader (of a region or a cell) can never write under the number of the first.</summary>
/// <param name="Lease">Name of the lease: a row in <c>leases</c>.</param>
/// <param name="Number">Fencing number, from 1. Grows with every change of leader.</param>
public readonly record struct Term(string Lease, long Number)
{
    public override string ToString() => Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
