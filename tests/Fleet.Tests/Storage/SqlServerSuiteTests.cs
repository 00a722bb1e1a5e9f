using Fleet.Tests.Support;
using Microsoft.Data.SqlClient;
using Xunit.Runner.Common;
using Xunit.v3;

namespace Fleet.Tests.Storage;

/// <summary>Whether the tests that need a SQL Server run. Without a server, one skipped test stands for all of them.</summary>
public sealed class SqlServerSuiteTests
{
    [Fact]
    public async Task Server_NamedForTheSuite_IsSupported()
    {
        Assert.SkipWhen(
            SqlServerDatabase.Server is null,
            "The tests on SQL Server did not run: set TEST_SQLSERVER to the connection string of a login that may create databases.");

        await using var connection = new SqlConnection(SqlServerDatabase.Server);
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        // SQL Server 2019 is version 15; Azure SQL says 12, and its engine edition is 5 or more.
        await using var ask = new SqlCommand("SELECT CONVERT(int, SERVERPROPERTY('EngineEdition'))", connection);
        var edition = (int)(await ask.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        var version = new Version(connection.ServerVersion);
        Assert.True(edition >= 5 || version.Major >= 15, $"SQL Server {version} is older than 2019.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Discoverer_ClassThatNeedsSqlServer_IsCollectedOnlyWithAServer(bool hasSqlServer)
    {
        var assembly = (IXunitTestAssembly)TestContext.Current.TestAssembly!;
        var found = new HashSet<string>(StringComparer.Ordinal);

        await FleetTestFramework.Discoverer(assembly, hasSqlServer).Find(
            test => new(found.Add(test.TestClassName!) || true),
            TestFrameworkOptions.ForDiscovery(new TestAssemblyConfiguration()),
            [typeof(SqlServerConformanceTests), typeof(SqliteConformanceTests)]);

        string[] expected = hasSqlServer
            ? [typeof(SqliteConformanceTests).FullName!, typeof(SqlServerConformanceTests).FullName!]
            : [typeof(SqliteConformanceTests).FullName!];
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }
}
