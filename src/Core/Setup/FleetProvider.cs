namespace Fleet.Core.Setup;

/// <summary>A storage or a transport that the configuration can name. A seam, so that a program has only the drivers of the packages that
/// it references: Fleet finds the provider by the assembly's <see cref="FleetProviderAttribute"/>.</summary>
public interface IFleetProvider
{
    /// <summary>Chooses this provider, with its values from the configuration.</summary>
    void Use(FleetBuilder fleet);
}

/// <summary>Names the provider that an assembly brings.</summary>
/// <param name="type">Implements <see cref="IFleetProvider"/> and has a constructor without parameters.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class FleetProviderAttribute(Type type) : Attribute
{
    /// <summary>The provider.</summary>
    public Type Type => type;
}
