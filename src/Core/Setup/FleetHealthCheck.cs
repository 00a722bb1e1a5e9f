namespace Fleet.Core.Setup;

/// <summary>A health check that a provider brings. It is added to the checks of a program that asks for Fleet's health, because its name
/// could be one of the program's own.</summary>
/// <param name="Name">The component's name in <c>/health/ready</c>.</param>
/// <param name="Type">Implements <c>IHealthCheck</c>; a singleton.</param>
public sealed record FleetHealthCheck(string Name, Type Type);
