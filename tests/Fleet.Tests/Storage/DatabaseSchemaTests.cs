using Fleet.Core.Storage;

namespace Fleet.Tests.Storage;

public sealed class DatabaseSchemaTests
{
    [Theory]
    [InlineData("", "The database has no tables of Fleet yet in the schema 'ops'. Run 'fleet db migrate'.")]
    [InlineData("1_Initial", "The database's schema is older than this program: it lacks 2_Later. Run 'fleet db migrate'.")]
    [InlineData("1_Initial 2_Later", null)]
    [InlineData(
        "1_Initial 2_Later 3_Newest",
        "The database's schema is newer than this program: it has 3_Newest, which this program does not know. "
            + "Use the program that made it, or a later one.")]
    public void Problem_SaysWhatTheDatabaseLacks(string applied, string? problem) => Assert.Equal(
        problem,
        DatabaseSchema.Of(
            FleetSchema.Create("ops"), applied.Split(' ', StringSplitOptions.RemoveEmptyEntries), ["1_Initial", "2_Later"]).Problem);

    [Fact]
    public void Problem_NoTables_WithoutSchemas_NamesNone() => Assert.Equal(
        "The database has no tables of Fleet yet. Run 'fleet db migrate'.",
        DatabaseSchema.Of(FleetSchema.Prefix, [], ["1_Initial"]).Problem);
}
