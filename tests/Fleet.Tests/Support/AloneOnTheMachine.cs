namespace Fleet.Tests.Support;

/// <summary>For tests that measure how late something is: no other runs meanwhile.</summary>
[CollectionDefinition(nameof(AloneOnTheMachine), DisableParallelization = true)]
public sealed class AloneOnTheMachine;
