using Fleet.Storage.SqlServer;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Fleet.Tests.House;

/// <summary>What the migrations build on SQL Server is what was approved, and the model asks for nothing more. No server is
/// needed.</summary>
public sealed class SqlServerSchemaTests
{
    [Fact]
    public void Script_OfTheMigrations_IsTheApprovedOne()
    {
        // The version of the tool that wrote the history is not a part of the schema.
        var schema = SqlServerModel.Script.Split('\n').Where(line => !line.Contains("N'10.", StringComparison.Ordinal));

        Approved.Check(string.Join('\n', schema), "sqlserver-schema.approved.sql");
    }

    [Fact]
    public void Script_OfTheMigrations_IsTransactSqlThatBuildsAValidModel()
    {
        SqlServerModel.Parse(SqlServerModel.Script, out var errors);
        using var model = new SqlServerModel();

        Assert.Empty(errors.Select(e => $"line {e.Line}: {e.Message}"));
        Assert.Empty(model.Validate());
    }

    [Fact]
    public void Script_OfTheMigrations_TurnsQuotedIdentifiersOnBeforeTheFirstFilteredIndex()
    {
        var statements = SqlServerModel.Parse(SqlServerModel.Script, out _).Batches.SelectMany(b => b.Statements).ToList();

        var filtered = statements.FindIndex(s => s is CreateIndexStatement { FilterPredicate: not null });
        var quoted = statements.FindIndex(
            s => s is PredicateSetStatement { IsOn: true } set && set.Options.HasFlag(SetOptions.QuotedIdentifier));
        Assert.InRange(quoted, 0, filtered);
    }

    [Fact]
    public void Columns_OfTheMigrations_AreBinaryIdsAndUtcInstantsAndExactText()
    {
        var columns = SqlServerModel.Tables
            .Where(t => !t.SchemaObjectName.BaseIdentifier.Value.StartsWith("__", StringComparison.Ordinal))
            .SelectMany(t => t.Definition.ColumnDefinitions.Select(c => (
                Name: $"{t.SchemaObjectName.BaseIdentifier.Value}.{c.ColumnIdentifier.Value}",
                Type: c.DataType.Name.BaseIdentifier.Value,
                Collation: c.Collation?.Value))).ToList();

        Assert.NotEmpty(columns);
        Assert.DoesNotContain(columns, c => c.Type is "uniqueidentifier" or "datetime" or "datetimeoffset" or "varchar");
        Assert.DoesNotContain(columns, c => c.Type == "nvarchar" && c.Collation != SqlServerDbContext.Collation);
    }

    [Fact]
    public void Model_AgainstItsMigrations_HasNoPendingChanges()
    {
        using var db = new SqlServerStorage("Server=nowhere").Read();

        Assert.False(
            db.Database.HasPendingModelChanges(),
            "The model changed without a migration: dotnet ef migrations add NAME --project src/Storage.SqlServer");
    }
}
