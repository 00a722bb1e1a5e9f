namespace Fleet.Tests.Support;

/// <summary>For tests that measure how late something is, or that say who leads when leases are as short as they may be: no other runs
/// meanwhile.</summary>
[CollectionDefinition(nameof(AloneOnTheMachine), DisableParallelization = true)]
public sealed class AloneOnTheMachine;
