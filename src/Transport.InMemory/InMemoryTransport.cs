using Fleet.Core.Lanes;

namespace Fleet.Transport.InMemory;

/// <summary>What kind of transport the memory of one process is. What is in flight when the process dies is found again in the database by
/// Reconcile.</summary>
internal sealed class InMemoryTransport : ITransport
{
    public bool ReachesOtherProcesses => false;

    public bool IsOutage(Exception e) => false;
}
