using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Storage.SqlServer;
using Fleet.Tests.Support;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Fleet.Tests.Storage;

/// <summary>The hot statements are Transact-SQL, and every table, column and type in them is one that the migrations build. That
/// needs no server; what they do is for <see cref="SqlServerConformanceTests"/>.</summary>
public sealed partial class SqlServerStatementsTests
{
    private static readonly Dictionary<string, string> ParameterTypes = new(StringComparer.Ordinal)
    {
        ["@rows"] = "nvarchar(max)",
        ["@worker"] = "binary(16)",
        ["@now"] = "datetime2(7)",
        ["@until"] = "datetime2(7)",
        ["@from"] = "datetime2(7)",
        ["@before"] = "datetime2(7)",
        ["@last"] = "int",
        ["@gates"] = "int",
        ["@limit"] = "int",
        ["@outcome"] = "int",
        ["@type"] = "nvarchar(128)",
        ["@lease"] = "nvarchar(128)",
        ["@term"] = "bigint",
    };

    /// <summary>Name → SQL.</summary>
    internal static readonly Dictionary<string, string> Statements = typeof(SqlServerStatements)
        .GetFields(BindingFlags.Static | BindingFlags.Public).ToDictionary(
            f => f.Name, f => (string)f.GetRawConstantValue()!, StringComparer.Ordinal);

    [Fact]
    public void Statements_All_AreTransactSql()
    {
        Assert.NotEmpty(Statements);
        foreach (var (name, sql) in Statements)
        {
            SqlServerModel.Parse(sql, out var errors);
            Assert.Empty(errors.Select(e => $"{name}, line {e.Line}: {e.Message}"));
        }
    }

    [Fact]
    public void CreateTable_OfAJob_IsTransactSql()
    {
        SqlServerModel.Parse(
            new SqlServerPlainSql(FleetSchema.Default).CreateTable("diag_ledger", "run_id varchar(36) NOT NULL"), out var errors);

        Assert.Empty(errors.Select(e => e.Message));
    }

    /// <summary>A statement that commits more often than it begins ends the inner transaction alone, and the check after it says
    /// so.</summary>
    [Fact]
    public void Effects_StandInATransactionInsideTheTransaction()
    {
        var sql = new SqlServerEffectSql();
        var begin = sql.Begin(TimeSpan.FromSeconds(5));

        foreach (var text in new[] { begin, sql.Check, sql.End })
        {
            SqlServerModel.Parse(text, out var errors);
            Assert.Empty(errors.Select(e => e.Message));
        }

        var statements = SqlServerModel.Parse(begin, out _).Batches[0].Statements;
        Assert.Equal([typeof(SetCommandStatement), typeof(BeginTransactionStatement)], statements.Select(s => s.GetType()));
        Assert.StartsWith("SET LOCK_TIMEOUT 5000;", begin, StringComparison.Ordinal);
        var check = Assert.IsType<IfStatement>(Assert.Single(SqlServerModel.Parse(sql.Check, out _).Batches[0].Statements));
        Assert.IsType<ThrowStatement>(check.ThenStatement);
        Assert.Contains("@@TRANCOUNT <> 2", sql.Check, StringComparison.Ordinal);
        Assert.IsType<CommitTransactionStatement>(Assert.Single(SqlServerModel.Parse(sql.End, out _).Batches[0].Statements));
    }

    [Theory]
    [InlineData(-2, 11, EffectFault.Slow)]
    [InlineData(1222, 16, EffectFault.Slow)]
    [InlineData(1205, 13, EffectFault.Conflict)]
    [InlineData(3960, 16, EffectFault.Conflict)]
    [InlineData(2627, 14, EffectFault.Effect)]
    [InlineData(547, 16, EffectFault.Effect)]
    [InlineData(208, 16, EffectFault.Effect)]
    [InlineData(51000, 16, EffectFault.Effect)]
    [InlineData(3906, 16, EffectFault.Outage)]
    [InlineData(1105, 17, EffectFault.Outage)]
    [InlineData(10054, 20, EffectFault.Outage)]
    public void Effects_ErrorsOfTheServer_AreJudged(int number, byte severity, EffectFault fault) =>
        Assert.Equal(fault, SqlServerErrors.JudgeEffect(number, severity));

    [Fact]
    public void Statements_All_NameWhatTheMigrationsBuild() => Assert.Empty(Validate(Statements));

    [Theory]
    [InlineData(nameof(SqlServerStatements.Claim), "r.crashes", "r.crashs")]
    [InlineData(nameof(SqlServerStatements.Claim), "inserted.trace_parent", "inserted.trace_parrent")]
    [InlineData(nameof(SqlServerStatements.Claim), "FROM fleet.workers", "FROM worker")]
    [InlineData(nameof(SqlServerStatements.Insert), "parent_id, args", "parent, args")]
    [InlineData(nameof(SqlServerStatements.Insert), "n.trace", "n.tracing")]
    [InlineData(nameof(SqlServerStatements.EndAttempt), "INTO fleet.attempts (run_id", "INTO fleet.attempts (run")]
    [InlineData(nameof(SqlServerStatements.EndAttempt), "e.uncounted", "e.counted")]
    [InlineData(nameof(SqlServerStatements.LockTerm), "FROM fleet.leases", "FROM fleet.lease")]
    [InlineData(nameof(SqlServerStatements.Ping), "FROM fleet.leases", "FROM fleet.lease")]
    public void Statements_WrongName_IsFound(string name, string right, string wrong)
    {
        Assert.Contains(right, Statements[name], StringComparison.Ordinal);

        Assert.NotEmpty(Validate([new(name, Statements[name].Replace(right, wrong, StringComparison.Ordinal))]));
    }

    [Theory]
    [InlineData(nameof(SqlServerStatements.Complete), "UPDLOCK", "UPLOCK")]
    [InlineData(nameof(SqlServerStatements.Complete), "FORCE ORDER", "FORCED ORDER")]
    [InlineData(nameof(SqlServerStatements.ReadUnstaged), "ORDER BY", "ORDERED BY")]
    public void Parse_WrongWord_IsFound(string name, string right, string wrong)
    {
        Assert.Contains(right, Statements[name], StringComparison.Ordinal);

        SqlServerModel.Parse(Statements[name].Replace(right, wrong, StringComparison.Ordinal), out var errors);

        Assert.NotEmpty(errors);
    }

    [Theory]
    [InlineData(nameof(SqlServerStatements.Claim))]
    [InlineData(nameof(SqlServerStatements.Complete))]
    [InlineData(nameof(SqlServerStatements.EndAttempt))]
    [InlineData(nameof(SqlServerStatements.Rescue))]
    [InlineData(nameof(SqlServerStatements.MarkStaged))]
    public void Statements_ThatChangeRuns_LockThemOneByOneInOrder(string name)
    {
        Assert.Contains("JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK) ON r.id =", Statements[name], StringComparison.Ordinal);
        Assert.Contains("OPTION (LOOP JOIN, FORCE ORDER)", Statements[name], StringComparison.Ordinal);
    }

    /// <summary>A worker that stands still with a run's row locked: the leader skips the row, and waits for no other lock so long that it
    /// loses its lease.</summary>
    [Fact]
    public void Statements_OfTheLeader_DoNotWaitForAProcessThatStandsStill()
    {
        Assert.Contains(
            "JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK, READPAST) ON r.id = o.id",
            Statements[nameof(SqlServerStatements.LockOrphans)],
            StringComparison.Ordinal);
        foreach (var name in new[] { nameof(SqlServerStatements.LockTerm), nameof(SqlServerStatements.ReadClock) })
        {
            var first = SqlServerModel.Parse(Statements[name], out _).Batches[0].Statements[0];
            var patience = Assert.IsType<SetCommandStatement>(first).Commands.OfType<GeneralSetCommand>().Single(
                c => c.CommandType == GeneralSetCommandType.LockTimeout);
            // A lease is 10 s, and renewed after a quarter.
            Assert.InRange(int.Parse(((IntegerLiteral)patience.Parameter).Value, CultureInfo.InvariantCulture), 1, 5000);
        }
    }

    private static IReadOnlyList<string> Validate(IEnumerable<KeyValuePair<string, string>> statements)
    {
        using var model = new SqlServerModel();
        foreach (var (name, sql) in statements)
        {
            // A variable that the statement declares itself is none of its parameters.
            var parameters = Parameter().Matches(sql).Select(m => m.Value).Distinct(StringComparer.Ordinal)
                .Where(p => !sql.Contains($"DECLARE {p} ", StringComparison.Ordinal));
            model.Add(name, sql, parameters.Select(p => $"{p} {ParameterTypes[p]}"));
        }

        return model.Validate();
    }

    [GeneratedRegex("(?<!@)@[a-z]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}
