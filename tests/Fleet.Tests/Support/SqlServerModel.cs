using Fleet.Core.Storage;
using Fleet.Storage.SqlServer;
using Microsoft.SqlServer.Dac.Model;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Fleet.Tests.Support;

/// <summary>What the migrations build on SQL Server, as a model that needs no server: SQL is bound to it as the server would do
/// it.</summary>
internal sealed class SqlServerModel : IDisposable
{
    private readonly TSqlModel _model = new(SqlServerVersion.Sql150, new TSqlModelOptions());

    public SqlServerModel()
    {
        _model.AddObjects("CREATE SCHEMA fleet");
        foreach (var definition in Definitions)
            _model.AddObjects(definition);
    }

    /// <summary>The migrations as a script.</summary>
    public static string Script { get; } = DatabaseSchema.Script(new SqlServerStorage("Server=nowhere"));

    /// <summary>Its tables, as later migrations left them.</summary>
    public static IReadOnlyList<CreateTableStatement> Tables { get; } = ReadTables();

    /// <summary>Its tables and indexes.</summary>
    private static string[] Definitions { get; } =
    [
        .. Tables.Select(Write),
        .. Parse(Script, out _).Batches.SelectMany(
            b => b.Statements).OfType<CreateIndexStatement>().Select(s => Script.Substring(s.StartOffset, s.FragmentLength)),
    ];

    /// <summary>Parses a script in the dialect of the oldest server that Fleet runs on.</summary>
    public static TSqlScript Parse(string sql, out IList<ParseError> errors)
    {
        // As sqlcmd starts: without quoted identifiers.
        using var reader = new StringReader(sql);
        return (TSqlScript)new TSql150Parser(initialQuotedIdentifiers: false).Parse(reader, out errors);
    }

    /// <summary>Adds a statement as the body of a procedure.</summary>
    /// <param name="name">Of the procedure; stands in the messages.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="parameters">As <c>@now datetime2(7)</c>.</param>
    public void Add(string name, string sql, IEnumerable<string> parameters) =>
        _model.AddObjects($"CREATE PROCEDURE dbo.[{name}] {string.Join(", ", parameters)} AS BEGIN {sql} END");

    /// <returns>What is wrong, as errors and warnings; nothing when all names are known.</returns>
    public IReadOnlyList<string> Validate() => [.. _model.Validate().Select(m => $"{m.MessageType} {m.Number}: {m.Message}")];

    public void Dispose() => _model.Dispose();

    /// <summary>A model takes definitions only: what a migration adds to a table, or drops, is put into the table's own.</summary>
    private static List<CreateTableStatement> ReadTables()
    {
        var tables = new List<CreateTableStatement>();
        foreach (var statement in Parse(Script, out _).Batches.SelectMany(b => b.Statements))
        {
            switch (statement)
            {
                case CreateTableStatement table:
                    tables.Add(table);
                    break;
                case AlterTableAddTableElementStatement add:
                    foreach (var column in add.Definition.ColumnDefinitions)
                        Find(add).ColumnDefinitions.Add(column);
                    foreach (var constraint in add.Definition.TableConstraints)
                        Find(add).TableConstraints.Add(constraint);
                    break;
                case AlterTableDropTableElementStatement drop:
                    foreach (var name in drop.AlterTableDropTableElements.Select(e => e.Name.Value))
                        Assert.True(
                            Find(drop).TableConstraints.Remove(
                                Find(drop).TableConstraints.Single(c => c.ConstraintIdentifier?.Value == name)),
                            name);
                    break;
            }
        }

        return tables;

        TableDefinition Find(AlterTableStatement alter) =>
            tables.Single(t => t.SchemaObjectName.BaseIdentifier.Value == alter.SchemaObjectName.BaseIdentifier.Value).Definition;
    }

    private static string Write(CreateTableStatement table)
    {
        new Sql150ScriptGenerator().GenerateScript(table, out var sql);
        return sql;
    }
}
