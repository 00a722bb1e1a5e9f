using System.Reflection;
using System.Runtime.Loader;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Hosting;

/// <summary>Storage and transport come from the packages that a program references.</summary>
public sealed class ProvidersTests
{
    [Theory]
    [InlineData("Sqlite", "Data Source=x.db", "SqliteStorage")]
    [InlineData("postgres", "Host=x;Username=x", "PostgresStorage")]
    [InlineData("SqlServer", "Server=x", "SqlServerStorage")]
    public void Storage_NamedInConfiguration_IsFoundInItsPackage(string provider, string connectionString, string type) =>
        Assert.Equal(type, Services(("Storage:Provider", provider), ("Storage:ConnectionString", connectionString))
            .GetRequiredService<IStorage>().GetType().Name);

    [Theory]
    [InlineData("InMemory", false)]
    [InlineData("rabbitmq", true)]
    public void Transport_NamedInConfiguration_IsFoundInItsPackage(string provider, bool reachesOthers) =>
        Assert.Equal(reachesOthers, Services(("Transport:Provider", provider), ("Transport:Uri", "amqp://x"))
            .GetRequiredService<ITransport>().ReachesOtherProcesses);

    [Fact]
    public void Provider_Unknown_IsNamedWithThoseThatAre() => Assert.Equal(
        "Fleet:Storage:Provider: 'Postgre' is not allowed; allowed is Sqlite, Postgres or SqlServer.",
        AddedFleet.Refuse([new("Fleet:Storage:Provider", "Postgre")]));

    /// <summary>In a load context that has Hosting and what Hosting references, and nothing else of Fleet's.</summary>
    [Theory]
    [InlineData("Storage", "Postgres", "Fleet.Postgres", "UsePostgres")]
    [InlineData("Storage", "SqlServer", "Fleet.SqlServer", "UseSqlServer")]
    [InlineData("Transport", "RabbitMq", "Fleet.RabbitMq", "UseRabbitMq")]
    public void Provider_WithoutItsPackage_StopsTheStartAndNamesIt(string section, string provider, string package, string call)
    {
        var context = new WithoutProviders();
        var hosting = context.LoadFromAssemblyName(new AssemblyName("Fleet.Hosting"));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration[$"Fleet:{section}:Provider"] = provider;
        var add = hosting.GetType("Fleet.FleetHosting")!.GetMethod("AddFleet")!.MakeGenericMethod(typeof(HostApplicationBuilder));

        var error = Assert.Throws<TargetInvocationException>(() => add.Invoke(null, [builder, null])).InnerException!;

        Assert.Equal(
            $"Fleet:{section}:Provider: '{provider}' needs the package {package}: add it with 'dotnet add package {package}' "
                + $"(in code: fleet.{call}).",
            Assert.IsAssignableFrom<InvalidOperationException>(error).Message);
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create("Fleet:" + s.Key, (string?)s.Value)));
        builder.Services.AddLogging();
        return builder.AddFleet(fleet => fleet.OnlyEnqueues()).Services.BuildServiceProvider();
    }

    /// <summary>Loads Fleet's assemblies anew, and knows no provider.</summary>
    private sealed class WithoutProviders() : AssemblyLoadContext("without providers")
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            var name = assemblyName.Name!;
            if (name is "Fleet.Storage.Postgres" or "Fleet.Storage.SqlServer" or "Fleet.Transport.RabbitMq")
                throw new FileNotFoundException($"Could not load file or assembly '{name}'.");
            return name.StartsWith("Fleet.", StringComparison.Ordinal)
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, name + ".dll"))
                : null;
        }
    }
}
