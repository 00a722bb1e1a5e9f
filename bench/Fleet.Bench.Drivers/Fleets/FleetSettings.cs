namespace Fleet.Bench.Drivers.Fleets;

/// <summary>Where Fleet finds its servers; the bench passes them as a deployment does, in the environment.</summary>
internal static class FleetSettings
{
    /// <summary>The configuration of the client and the worker.</summary>
    public static IConfiguration Read() => new ConfigurationBuilder()
        .AddEnvironmentVariables()
        .Build();

    /// <summary>The database.</summary>
    public static string Postgres => Talk.Setting("Fleet__Storage__ConnectionString");
}
