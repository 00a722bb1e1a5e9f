using CsCheck;
using Fleet.Core.Effects;

namespace Fleet.Tests.Effects;

public sealed class EffectTextTests
{
    private static readonly EffectSyntax Postgres = EffectSyntax.Postgres;
    private static readonly EffectSyntax Sqlite = EffectSyntax.Sqlite;
    private static readonly EffectSyntax SqlServer = EffectSyntax.SqlServer;

    public static TheoryData<string, string, string> Texts => new()
    {
        // The same name is one parameter, whatever its case.
        { "postgres", "UPDATE t SET a = @a, b = @B, c = @A", "UPDATE t SET a = $1, b = $2, c = $1 | a B" },
        { "sqlite", "UPDATE t SET a = @a, b = @B, c = @A", "UPDATE t SET a = @p1, b = @p2, c = @p1 | a B" },
        { "sqlserver", "UPDATE t SET a = @a, b = @B, c = @A", "UPDATE t SET a = @p1, b = @p2, c = @p1 | a B" },
        { "postgres", "SELECT '@a '' @b', \"@c\"\"@d\", @e", "SELECT '@a '' @b', \"@c\"\"@d\", $1 | e" },
        { "postgres", "SELECT E'\\'@a' || @b", "SELECT E'\\'@a' || $1 | b" },
        { "postgres", "SELECT '\\' || @a || '@b'", "SELECT '\\' || $1 || '@b' | a" },
        { "postgres", "SELECT $$@a$$, $x$ @b $$ @c $x$, @d", "SELECT $$@a$$, $x$ @b $$ @c $x$, $1 | d" },
        { "postgres", "SELECT a$b$ + @c, d$b$", "SELECT a$b$ + $1, d$b$ | c" },
        { "postgres", "SELECT 1 -- @a ; '\n, @b /* @c /* @d */ ' */", "SELECT 1 -- @a ; '\n, $1 /* @c /* @d */ ' */ | b" },
        { "sqlite", "SELECT 1 /* @c /* @d */ , @b", "SELECT 1 /* @c /* @d */ , @p1 | b" },
        { "sqlserver", "SELECT 1 /* /* @a */ @b */, @c", "SELECT 1 /* /* @a */ @b */, @p1 | c" },
        { "postgres", "SELECT a @> @a::jsonb, a <@ b, c @@ d, @ -5", "SELECT a @> $1::jsonb, a <@ b, c @@ d, @ -5 | a" },
        { "postgres", "UPDATE t SET x = a<@known AND a<@column", "UPDATE t SET x = a<$1 AND a<@column | known" },
        { "postgres", "SELECT a[@i], b LIKE@l, c=@d", "SELECT a[$1], b LIKE $2, c=$3 | i l d" },
        { "sqlite", "SELECT [@a], `@b`, @c", "SELECT [@a], `@b`, @p1 | c" },
        { "sqlserver", "SELECT [@a]]@b], @@ROWCOUNT, x@y, @c", "SELECT [@a]]@b], @@ROWCOUNT, x@y, @p1 | c" },
        { "sqlserver", "EXEC book @amount = @amount, @day=@when", "EXEC book @amount = @p1, @day=@p2 | amount when" },
        { "sqlserver", ";WITH x AS (SELECT 1 AS a) INSERT t SELECT a FROM x", "WITH x AS (SELECT 1 AS a) INSERT t SELECT a FROM x | " },
        { "postgres", "DELETE FROM t WHERE a = @a; -- done\n", "DELETE FROM t WHERE a = $1 | a" },
        { "postgres", "/* why */ (SELECT @ä1)", "/* why */ (SELECT $1) | ä1" },
        { "postgres", "SELECT data ? 'a', data ?| @keys", "SELECT data ? 'a', data ?| $1 | keys" },
        { "postgres", "SELECT 1e5, 0x1F, @n_1", "SELECT 1e5, 0x1F, $1 | n_1" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Read_Parameters_AreFoundWhereTheyAreParameters(string database, string sql, string expected)
    {
        var text = EffectText.Read(sql, Named(database), name => name != "column");

        Assert.Equal(expected, $"{text.Sql} | {string.Join(' ', text.Names)}");
    }

    [Theory]
    [InlineData("postgres", "", "is empty")]
    [InlineData("postgres", " ; -- nothing", "is empty")]
    [InlineData("postgres", "COMMIT", "begins with COMMIT. An effect on PostgreSQL begins with one of CALL, DELETE, INSERT")]
    [InlineData("postgres", "/* a */ rollback", "begins with rollback")]
    [InlineData("postgres", "SET search_path = a", "begins with SET")]
    [InlineData("postgres", "DO $$ BEGIN COMMIT; END $$", "begins with DO")]
    [InlineData("postgres", "\"a\"", "begins with \"")]
    [InlineData("postgres", "@a", "begins with @a")]
    [InlineData("postgres", "INSERT INTO t VALUES (1); COMMIT", "has more than one statement")]
    [InlineData("postgres", "INSERT INTO t VALUES (1);;\n/**/ SELECT 1", "has more than one statement")]
    [InlineData("postgres", "SELECT Set_Config('a', 'b', false)", "holds Set_Config, which would change the transaction")]
    [InlineData("postgres", "SELECT pg_advisory_lock(1)", "holds pg_advisory_lock")]
    [InlineData("postgres", "SELECT $1", "has the parameter $1 at position 8. Write parameters as @name")]
    [InlineData("postgres", "SELECT 'a", "its closing ' is missing")]
    [InlineData("postgres", "SELECT $x$ a $y$", "its closing $x$ is missing")]
    [InlineData("postgres", "SELECT /* /* */", "ends inside a comment")]
    [InlineData("sqlite", "INSERT OR ROLLBACK INTO t VALUES (1)", "holds ROLLBACK")]
    [InlineData("sqlite", "PRAGMA user_version = 1", "begins with PRAGMA")]
    [InlineData("sqlite", "SELECT ?", "has the parameter ? at position 8")]
    [InlineData("sqlite", "SELECT :a", "has the parameter :a at position 8")]
    [InlineData("sqlite", "SELECT $a", "has the parameter $a at position 8")]
    [InlineData("sqlserver", "INSERT t VALUES (1) COMMIT", "holds COMMIT")]
    [InlineData("sqlserver", "INSERT t VALUES (1) begin tran", "holds begin")]
    [InlineData("sqlserver", "IF 1 = 1 SELECT 1", "begins with IF")]
    public void Read_WhatCannotBeAnEffect_IsRefused(string database, string sql, string problem)
    {
        var e = Assert.Throws<FormatException>(() => EffectText.Read(sql, Named(database), _ => true));

        Assert.StartsWith(problem, e.Message.Replace("ends inside a quotation: ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>Pieces that hold no parameter, whatever is in them, between pieces that hold one.</summary>
    [Fact]
    public void Read_PiecesInAnyOrder_FindsExactlyTheParameters()
    {
        string[] common = ["'@no'", "'it''s @no'", "\"@no\"", "--@no;'\n", "/*@no;'*/", " a ", "(1)"];
        string[] silent = [.. common, "$$@no'$$", "$t$ @no $$ $t$", "E'\\'@no'", "@>", "/*/**/@no*/"];
        string[] plain = [.. common, "[@no]"];
        foreach (var (syntax, pieces) in new[] { (Postgres, silent), (Sqlite, plain), (SqlServer, plain) })
        {
            Gen.Int[0, pieces.Length].Array[0, 12].Sample(picks =>
            {
                var count = 0;
                var parts = picks.Select(pick => pick == pieces.Length ? $"@p{count++}x" : pieces[pick]).ToList();
                var text = EffectText.Read("SELECT " + string.Join(' ', parts), syntax, _ => true);
                Assert.Equal(Enumerable.Range(0, count).Select(i => $"p{i}x"), text.Names);
                var number = 1;
                var expected = picks.Select(pick => pick == pieces.Length ? syntax.MarkOf(number++) : pieces[pick]);
                Assert.Equal("SELECT " + string.Join(' ', expected), text.Sql);
            });
        }
    }

    /// <summary>Any text is read or refused; nothing else comes of it.</summary>
    [Fact]
    public void Read_AnyText_IsReadOrRefused()
    {
        const string letters = "aE@$'\"[]`;-/*\n ?:1{}<>\\_é";
        var texts = Gen.Int[0, letters.Length - 1].Array[0, 40].Select(picks => "SELECT " + string.Concat(picks.Select(i => letters[i])));
        foreach (var syntax in new[] { Postgres, Sqlite, SqlServer })
        {
            texts.Sample(sql =>
            {
                try
                {
                    Assert.StartsWith("SELECT ", EffectText.Read(sql, syntax, _ => true).Sql, StringComparison.Ordinal);
                }
                catch (FormatException)
                {
                    // Refused.
                }
            });
        }
    }

    private static EffectSyntax Named(string database) => database switch { "postgres" => Postgres, "sqlite" => Sqlite, _ => SqlServer };
}
