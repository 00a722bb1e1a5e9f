using Fleet.Core.Storage;
using Fleet.Storage.SqlServer;
using Microsoft.SqlServer.Dac.Model;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Fleet.Tests.Support;

/// <summary>What the migrations build on SQL Server, as a model that needs no server: SQL is bound to it as the server would do it.</summary>
internal sealed class SqlServerModel : IDisposable
{
    private readonly TSqlModel _model = new(SqlServerVersion.Sql150, new TSqlModelOptions());

    public SqlServerModel()
    {
        foreach (var definition in Definitions)
            _model.AddObjects(definition);
    }

    /// <summary>The migrations as a script.</summary>
    public static string Script { get; } = DatabaseSchema.Script(new SqlServerStorage("Server=nowhere"));

    /// <summary>Its tables and indexes.</summary>
    private static string[] Definitions { get; } = [.. Parse(Script, out _).Batches.SelectMany(b => b.Statements)
        .Where(s => s is CreateTableStatement or CreateIndexStatement)
        .Select(s => Script.Substring(s.StartOffset, s.FragmentLength))];

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
}
