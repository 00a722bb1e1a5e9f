using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Postgres;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

/// <summary>Which names a schema may have, and how SQL text gets them.</summary>
public sealed class FleetSchemaTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("fleet_2")]
    [InlineData("select")]
    [InlineData("pgfleet")]
    public void Create_AllowedName_IsTheSchema(string name) => Assert.Equal(name, FleetSchema.Create(name).Name);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("fleet")]
    public void Create_NoNameOrTheUsualOne_IsTheDefault(string? name) => Assert.Same(FleetSchema.Default, FleetSchema.Create(name));

    [Theory]
    [InlineData("Fleet")]
    [InlineData("1fleet")]
    [InlineData("my-fleet")]
    [InlineData("a\"; DROP TABLE x; --")]
    [InlineData("a\n")]
    [InlineData(" ")]
    [InlineData("ä")]
    [InlineData("public")]
    [InlineData("dbo")]
    [InlineData("pg_temp")]
    [InlineData("db_owner")]
    [InlineData("information_schema")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public void Create_OtherName_IsRefusedWithWhatIsAllowed(string name)
    {
        var e = Assert.Throws<ArgumentException>(() => FleetSchema.Create(name));

        Assert.StartsWith($"'{name}' is not allowed; allowed is 1–63 lower-case letters", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE fleet.runs AS r SET x = 1 FROM fleet.jobs", "UPDATE \"user\".runs AS r SET x = 1 FROM \"user\".jobs")]
    [InlineData("CREATE SCHEMA fleet; SELECT 1 WHERE nspname = 'fleet'", "CREATE SCHEMA \"user\"; SELECT 1 WHERE nspname = 'user'")]
    [InlineData("INSERT INTO [fleet].[runs] SELECT N'fleet'", "INSERT INTO [user].[runs] SELECT N'user'")]
    [InlineData("SELECT fleet_name, fleeting.x FROM my_fleet.y", "SELECT fleet_name, fleeting.x FROM my_fleet.y")]
    public void In_AnotherSchema_IsPutIntoTheText(string sql, string expected)
    {
        var schema = FleetSchema.Create("user");

        Assert.Equal(expected, schema.In(sql));
        // Once for each text, not for each execution.
        Assert.Same(schema.In(sql), schema.In(sql));
    }

    /// <summary>EF Core keeps one model for each type of context, unless it is told what else tells models apart.</summary>
    [Fact]
    public async Task Read_TwoSchemasInOneProcess_EachHasAModelOfItsOwn()
    {
        await using var a = new PostgresStorage("Host=nowhere", schema: FleetSchema.Create("a"));
        await using var b = new PostgresStorage("Host=nowhere", schema: FleetSchema.Create("b"));
        await using var readA = a.Read();
        await using var readB = b.Read();

        Assert.Equal("a", readA.Model.FindEntityType(typeof(Run))!.GetSchema());
        Assert.Equal("b", readB.Model.FindEntityType(typeof(Run))!.GetSchema());
    }

    [Fact]
    public void In_Default_IsTheTextItself()
    {
        const string sql = "SELECT 1 FROM fleet.runs";

        Assert.Same(sql, FleetSchema.Default.In(sql));
        Assert.Equal("SELECT 1 FROM fleet_runs", FleetSchema.Prefix.In(sql));
    }
}
