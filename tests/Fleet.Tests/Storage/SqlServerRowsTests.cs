using System.Text.Json;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.SqlServer;
using Fleet.Tests.Support;
using Microsoft.Data.SqlClient;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Fleet.Tests.Storage;

/// <summary>The sets of rows that go to SQL Server as JSON.</summary>
public sealed class SqlServerRowsTests
{
    private static readonly RunId Id = new(Guid.Parse("019aaf01-2345-7678-9abc-def012345678"));

    private static readonly NewRun Full = new()
    {
        Id = Id,
        Job = "j",
        Lane = "l",
        Args = "{}",
        CreatedAt = Verbs.Noon,
        DueAt = Verbs.Noon,
        Staged = true,
        MaxAttempts = 3,
        IdempotencyKey = "k",
        RequestHash = [1, 171],
        Tags = "[]",
        TraceParent = "00",
        ParentId = Id,
        EnqueuedBy = Somebody.Me,
        ScheduleId = "s",
        FireTime = Verbs.Noon,
    };

    private static readonly OutboxMessage FullEvent = new()
    {
        MessageId = Id.Value,
        Name = "n",
        Body = "{}",
        RunId = Id,
        TraceParent = "00",
        CreatedAt = Verbs.Noon,
    };

    /// <summary>Statement → a row of its set that has every member.</summary>
    private static readonly Dictionary<string, SqlParameter> Sets = new(StringComparer.Ordinal)
    {
        [nameof(SqlServerStatements.Insert)] = Rows.Of([Full], RowMembers.New),
        [nameof(SqlServerStatements.FindKeys)] = Rows.Of(["k"], RowMembers.Key),
        [nameof(SqlServerStatements.FindOccurrences)] = Rows.Of([Full], RowMembers.Occurrence),
        [nameof(SqlServerStatements.FindIds)] = Rows.Of([Id], RowMembers.Id),
        [nameof(SqlServerStatements.Claim)] = Rows.Of([(0, new RunLease(Id, 1))], RowMembers.Wanted),
        [nameof(SqlServerStatements.FindPending)] = Rows.Of([Id], RowMembers.Id),
        [nameof(SqlServerStatements.Complete)] = Rows.Of(
            [new Completion { Id = Id, LeaseToken = 1, FinishedAt = Verbs.Noon, Output = "1" }], RowMembers.Completed),
        [nameof(SqlServerStatements.FindCompleted)] = Rows.Of([Id], RowMembers.Id),
        [nameof(SqlServerStatements.InsertEvents)] = Rows.Of(
            [(0, FullEvent)], RowMembers.Event),
        [nameof(SqlServerStatements.EndAttempt)] = Rows.Of(
            [new AttemptEnd
            {
                Id = Id, LeaseToken = 1, Outcome = AttemptOutcome.Failed, EndedAt = Verbs.Noon, Next = RunState.Failed, DueAt = Verbs.Noon,
                Counts = true,
                ErrorType = "T", Error = "e", Stack = "at",
                Decision = new RetryDecision(RetryVerdict.Retried, new AttemptLimit(4, AttemptLimitSource.Job)),
            }],
            RowMembers.Ended),
        [nameof(SqlServerStatements.FoldAttempts)] = Rows.Of([Id], RowMembers.Id),
        [nameof(SqlServerStatements.Rescue)] = Rows.Of(
            [new RescuedRun(new OrphanedRun(Id, null, 1, 2, false), RunState.Failed, 3, "e")], RowMembers.Rescued),
        [nameof(SqlServerStatements.InsertDeadLetters)] = Rows.Of([Id], RowMembers.Id),
        [nameof(SqlServerStatements.ReadUnstaged)] = Rows.Of(["l"], RowMembers.Lane),
        [nameof(SqlServerStatements.MarkStaged)] = Rows.Of([new StageableRun(Id, "l", Verbs.Noon)], RowMembers.Staged),
    };

    [Fact]
    public void Sets_OfEveryStatement_HaveTheMembersThatItReads()
    {
        var read = SqlServerStatementsTests.Statements.ToDictionary(s => s.Key, s => MembersReadBy(s.Value), StringComparer.Ordinal);

        Assert.Equal(
            read.Where(r => r.Value.Count > 0)
                .OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}: {string.Join(' ', r.Value)}"),
            Sets.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}: {string.Join(' ', MembersOf(s.Value))}"));
    }

    [Fact]
    public void Rows_OfValues_AreHexadecimalUtcAndTextAsItIs()
    {
        var text = "say \"hi\"\n\0 \\ äöü 😀 </script>";
        var run = Full with
        {
            Args = text,
            Tags = null,
            MaxAttempts = null,
            DueAt = new DateTimeOffset(2026, 11, 22, 13, 0, 0, TimeSpan.FromHours(1)).AddTicks(1),
        };

        var row = JsonElement.Parse((string)Rows.Of([run], RowMembers.New).Value)[0];

        Assert.Equal(
            ("019aaf01234576789abcdef012345678", "01AB", "2026-11-22T12:00:00.0000001", "2026-11-22T12:00:00", text),
            (
                row.GetProperty("id").GetString(), row.GetProperty("hash").GetString(), row.GetProperty("due").GetString(),
                row.GetProperty("fire").GetString(), row.GetProperty("args").GetString()));
        Assert.False(row.TryGetProperty("tags", out _));
        Assert.False(row.TryGetProperty("max", out _));
    }

    [Fact]
    public void Rows_OfNothing_AreAnEmptySet() => Assert.Equal("[]", Rows.Of<RunId>([], RowMembers.Id).Value);

    private static List<string> MembersOf(SqlParameter rows) =>
        [.. JsonElement.Parse((string)rows.Value)[0].EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];

    private static List<string> MembersReadBy(string sql)
    {
        var found = new OpenJsons();
        SqlServerModel.Parse(sql, out _).Accept(found);
        return [.. found.Members.Order(StringComparer.Ordinal)];
    }

    private sealed class OpenJsons : TSqlFragmentVisitor
    {
        public HashSet<string> Members { get; } = [];

        public override void Visit(OpenJsonTableReference node) =>
            Members.UnionWith(node.SchemaDeclarationItems.Select(i => i.ColumnDefinition.ColumnIdentifier.Value));
    }
}
