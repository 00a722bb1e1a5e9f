using System.Reflection;
using Fleet.Core.Setup;
using Fleet.Core.Storage;

namespace Fleet.Hosting;

/// <summary>Chooses the storage and the transport that the configuration names, unless the code has chosen. Providers other than the
/// defaults are in packages of their own; a program that names one without its package is told which package to add.</summary>
internal static class Providers
{
    private const string StorageSetting = StorageOptions.Section + ":Provider";
    private const string TransportSetting = "Fleet:Transport:Provider";

    private static readonly Provider[] Storages =
    [
        new("Sqlite", fleet => fleet.UseSqlite()),
        new("Postgres", "Fleet.Postgres", "Fleet.Storage.Postgres", "UsePostgres"),
        new("SqlServer", "Fleet.SqlServer", "Fleet.Storage.SqlServer", "UseSqlServer"),
    ];

    private static readonly Provider[] Transports =
    [
        new("InMemory", fleet => fleet.UseInMemory()),
        new("RabbitMq", "Fleet.RabbitMq", "Fleet.Transport.RabbitMq", "UseRabbitMq"),
    ];

    /// <exception cref="InvalidOperationException">No provider has that name, or its package is missing; names both.</exception>
    public static void Choose(FleetBuilder fleet)
    {
        ChooseStorage(fleet);
        if (fleet.Transport is null)
            Use(fleet, Transports, TransportSetting);
    }

    /// <inheritdoc cref="Choose"/>
    public static void ChooseStorage(FleetBuilder fleet)
    {
        if (fleet.Storage is null)
            Use(fleet, Storages, StorageSetting);
    }

    /// <summary>True if the configuration names a SQLite file, or no storage at all.</summary>
    public static bool IsStoredInFile(this FleetBuilder fleet) =>
        fleet.Configuration[StorageSetting] is not { Length: > 0 } name || Is(Storages[0], name);

    private static void Use(FleetBuilder fleet, Provider[] known, string setting)
    {
        var name = fleet.Configuration[setting];
        var provider = Array.Find(known, p => Is(p, name)) ?? (string.IsNullOrEmpty(name) ? known[0] : null)
            ?? throw new InvalidOperationException(
                $"{setting}: '{name}' is not allowed; allowed is {string.Join(", ", known[..^1].Select(p => p.Name))} or "
                    + $"{known[^1].Name}.");
        provider.Use(fleet, setting);
    }

    private static bool Is(Provider provider, string? name) => provider.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>A provider that Fleet knows by name.</summary>
    private sealed class Provider
    {
        private readonly Action<FleetBuilder>? _use;
        private readonly string? _package;
        private readonly string? _assembly;
        private readonly string? _call;

        /// <summary>A default.</summary>
        public Provider(string name, Action<FleetBuilder> use) => (Name, _use) = (name, use);

        /// <summary>A provider with a package of its own.</summary>
        public Provider(string name, string package, string assembly, string call) =>
            (Name, _package, _assembly, _call) = (name, package, assembly, call);

        public string Name { get; }

        public void Use(FleetBuilder fleet, string setting)
        {
            if (_use is not null)
                _use(fleet);
            else
                Load(setting).Use(fleet);
        }

        private IFleetProvider Load(string setting)
        {
            try
            {
                // By name: nothing of the assembly is used in the code of a program that is only configured.
                var type = Assembly.Load(new AssemblyName(_assembly!)).GetCustomAttribute<FleetProviderAttribute>()!.Type;
                return (IFleetProvider)Activator.CreateInstance(type)!;
            }
            catch (FileNotFoundException e)
            {
                throw new InvalidOperationException(
                    $"{setting}: '{Name}' needs the package {_package}: add it with 'dotnet add package {_package}' "
                        + $"(in code: fleet.{_call}).", e);
            }
        }
    }
}
