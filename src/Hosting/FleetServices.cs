using System.Globalization;
using Fleet.Core;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sqlite;
using Fleet.Storage.SqlServer;
using Fleet.Transport.InMemory;
using Fleet.Transport.RabbitMq;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Hosting;

/// <summary>What every Fleet process shares: the verbs, the chosen storage, the chosen transport.</summary>
public static class FleetServices
{
    public const string StorageSection = "Fleet:Storage";
    public const string TransportSection = "Fleet:Transport";

    /// <summary>Adds Fleet as the configuration says: <c>Fleet:Storage:Provider</c> (default <c>Sqlite</c>) with
    /// <c>ConnectionString</c> and <c>Schema</c>, and <c>Fleet:Transport:Provider</c> (default <c>InMemory</c>) with <c>Uri</c>,
    /// <c>ManagementUri</c> and <c>CaFile</c>.</summary>
    /// <param name="services">The services of the process.</param>
    /// <param name="configuration">The configuration of the process.</param>
    /// <param name="bus">Adds the application's own consumers to the bus.</param>
    /// <param name="migrates">True to bring the schema up to date at the start; false to refuse to start on another one.</param>
    /// <exception cref="InvalidOperationException">A setting is not allowed; names it, its value and what is allowed.</exception>
    public static IServiceCollection AddFleet(
        this IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator>? bus = null,
        bool migrates = false)
    {
        services.AddFleetCore().AddSingleton(ReadLanes(configuration)).AddFleetStorage(configuration);
        // The schema first: every hosted service that follows may use it.
        services.AddSingleton(provider => new SchemaAtStart(provider.GetRequiredService<IStorage>(), migrates))
            .AddHostedService(provider => provider.GetRequiredService<SchemaAtStart>());
        AddTransport(services, configuration, bus);
        return services;
    }

    /// <summary>Stops a service whose transport ends in its own process: scheduler and worker would never hear of each other.</summary>
    /// <exception cref="InvalidOperationException">The transport is <c>InMemory</c>.</exception>
    public static IConfiguration RequireSharedTransport(this IConfiguration configuration)
    {
        var provider = configuration[$"{TransportSection}:Provider"] ?? "InMemory";
        return provider.Equals("InMemory", StringComparison.OrdinalIgnoreCase)
            ? throw new InvalidOperationException(
                $"{TransportSection}:Provider: 'InMemory' reaches one process only, and this service is one of several; run 'fleet dev' "
                    + "for everything in one process.")
            : configuration;
    }

    /// <summary>Adds the storage that the configuration names.</summary>
    /// <exception cref="InvalidOperationException">A setting is not allowed; names it, its value and what is allowed.</exception>
    public static IServiceCollection AddFleetStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(StorageSection);
        var provider = section["Provider"] ?? "Sqlite";
        var connectionString = section["ConnectionString"];
        var schema = ReadSchema(section["Schema"], provider);
        try
        {
            return provider.ToUpperInvariant() switch
            {
                "SQLITE" => services.AddFleetSqlite(connectionString ?? "Data Source=.fleet/fleet.db"),
                "POSTGRES" => services.AddFleetPostgres(
                    Required("PostgreSQL", "Host=localhost;Username=fleet;Password=…;Database=fleet"), schema),
                "SQLSERVER" => services.AddFleetSqlServer(
                    Required("SQL Server", "Server=localhost;User Id=fleet;Password=…;Database=fleet;TrustServerCertificate=true"), schema),
                _ => throw NotAllowed($"{StorageSection}:Provider", provider, "Sqlite, Postgres or SqlServer"),
            };
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException(
                $"{StorageSection}:ConnectionString is not a connection string for {provider}: "
                + $"{Secrets.HideIn(e.Message, connectionString ?? "")}", e);
        }

        string Required(string database, string example) =>
            connectionString is { Length: > 0 } ? connectionString : throw new InvalidOperationException(
            $"{StorageSection}:ConnectionString is missing; {database} needs one, such as {example}.");
    }

    /// <summary>Reads where the broker is.</summary>
    /// <exception cref="InvalidOperationException">A setting is not allowed; names it, its value and what is allowed.</exception>
    public static RabbitMqSettings ReadRabbitMq(IConfiguration configuration)
    {
        var (uri, management) = (configuration[$"{TransportSection}:Uri"], configuration[$"{TransportSection}:ManagementUri"]);
        Uri? managementUri = null;
        if (management is { Length: > 0 }
            && !(Uri.TryCreate(management, UriKind.Absolute, out managementUri) && managementUri.Scheme is "http" or "https"))
        {
            throw NotAllowed(
                $"{TransportSection}:ManagementUri", RabbitMqSettings.Show(management), "http://host:port or https, or nothing");
        }

        var trust = ReadTrust(configuration[$"{TransportSection}:CaFile"]);
        // The scheduler's own setting: what a leader finds on the belts is at most so far ahead.
        var lookAhead = Durations.TryParse(configuration["Fleet:Scheduler:LookAhead"], out var given) ? given : TimeSpan.FromSeconds(30);
        var settings = RabbitMqSettings.TryParse(uri, lookAhead, managementUri, trust)
            ?? throw NotAllowed($"{TransportSection}:Uri", RabbitMqSettings.Show(uri), RabbitMqSettings.Allowed);
        // Whoever names an authority believes that the password does not travel in the clear.
        return trust is null || settings.UsesTls || managementUri?.Scheme == "https"
            ? settings
            : throw new InvalidOperationException(
                $"{TransportSection}:CaFile has no use: neither {TransportSection}:Uri is amqps nor {TransportSection}:ManagementUri "
                + "https.");
    }

    private static FleetSchema ReadSchema(string? name, string provider)
    {
        if (string.IsNullOrEmpty(name))
            return FleetSchema.Default;
        if (provider.Equals("Sqlite", StringComparison.OrdinalIgnoreCase))
            throw NotAllowed(
                $"{StorageSection}:Schema", name, "nothing with Sqlite, which has no schemas: Fleet's tables have the prefix fleet_ there");
        return FleetSchema.IsAllowed(name)
            ? FleetSchema.Create(name)
            : throw NotAllowed($"{StorageSection}:Schema", name, FleetSchema.Allowed);
    }

    private static BrokerTrust? ReadTrust(string? file)
    {
        try
        {
            return file is { Length: > 0 } ? BrokerTrust.Read(file) : null;
        }
        catch (InvalidDataException e)
        {
            throw new InvalidOperationException(
                $"{TransportSection}:CaFile: '{file}' is not allowed, {e.Message} Allowed is a file of certificates in PEM.", e);
        }
    }

    private static LaneOptions ReadLanes(IConfiguration configuration)
    {
        const int most = 10_000;
        var text = configuration[LaneOptions.Setting];
        if (string.IsNullOrEmpty(text))
            return new LaneOptions();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lanes) && lanes is >= 1 and <= most
            ? new LaneOptions { MaxLanes = lanes }
            : throw NotAllowed(LaneOptions.Setting, text, $"1–{most}");
    }

    private static void AddTransport(IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator>? bus)
    {
        var provider = configuration[$"{TransportSection}:Provider"] ?? "InMemory";
        switch (provider.ToUpperInvariant())
        {
            case "INMEMORY":
                services.AddFleetInMemoryTransport(bus);
                break;
            case "RABBITMQ":
                services.AddFleetRabbitMqTransport(ReadRabbitMq(configuration), bus);
                break;
            default:
                throw NotAllowed($"{TransportSection}:Provider", provider, "InMemory or RabbitMq");
        }
    }

    private static InvalidOperationException NotAllowed(string setting, string value, string allowed) =>
        new($"{setting}: '{value}' is not allowed; allowed is {allowed}.");
}
