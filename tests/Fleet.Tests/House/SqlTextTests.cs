using System.Text.RegularExpressions;

namespace Fleet.Tests.House;

/// <summary>SQL stands in the storages (docs/adr/0020). Text anywhere else would bypass what only a storage knows: the dialect, the name of
/// the schema, and how the database finds runs by their state.</summary>
public sealed partial class SqlTextTests
{
    /// <summary>Files outside the storages that contain SQL, and why. Never add one for a statement of Fleet's own.</summary>
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal)
    {
        ["Core/Storage/FleetDbContext.cs"] = "The conditions of the indexes are part of EF Core's model, which takes them as text.",
        ["Engine/Diagnostics/DiagnosticJobs.cs"] = "The job diag.ledger executes SQL of its own, as the handler of an application would.",
    };

    [Fact]
    public void Literals_OutsideTheStorages_ContainNoSql()
    {
        var sources = Sources();

        Assert.Contains(sources, s => s.Name == "Core/Gates/OverlapGate.cs");
        var found = sources.Where(s => !Exceptions.ContainsKey(s.Name))
            .SelectMany(s => SqlIn(s.Text).Select(sql => $"{s.Name}: {sql}")).ToList();
        Assert.True(found is [], string.Join('\n', found));
    }

    [Fact]
    public void Exceptions_EachFile_ContainsSql()
    {
        var withSql = Sources().Where(s => SqlIn(s.Text).Any()).Select(s => s.Name);

        Assert.Equal(Exceptions.Keys.Order(StringComparer.Ordinal), withSql.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("const string A = \"SELECT id FROM fleet.runs\";")]
    [InlineData("const string A = \"select count(*) from runs\";")]
    [InlineData("const string A = \"SELECT 1\";")]
    [InlineData("const string A = \"\"\"\n    SELECT id,\n        lane\n    FROM fleet.runs\n    \"\"\";")]
    [InlineData("var a = $\"UPDATE fleet.runs SET {column} = 4\";")]
    [InlineData("var a = \"update runs as r set state = 4\";")]
    [InlineData("var a = @\"INSERT INTO fleet.lanes (name) VALUES (@name)\";")]
    [InlineData("var a = \"DELETE FROM fleet.jobs\";")]
    [InlineData("var a = \"CREATE TABLE t (id int)\";")]
    [InlineData("var a = $\"state = {state:D}, finished_at = @now\";")]
    [InlineData("var a = \"WHERE lane = @lane\";")]
    [InlineData("var a = text + \" AND finished_at IS NULL\";")]
    public void SqlIn_OfSuchALiteral_IsFound(string line) => Assert.Single(SqlIn(line));

    [Theory]
    [InlineData("// SELECT id FROM fleet.runs")]
    [InlineData("/// <summary>UPDATE fleet.runs SET state = 4</summary>")]
    [InlineData("FirstWords = Words(\"INSERT\", \"UPDATE\", \"DELETE\", \"SELECT\");")]
    [InlineData("const string Exchange = \"fleet.lanes\";")]
    [InlineData("var path = $\"runs?state={state}\";")]
    [InlineData("var a = $\"{(remark is null ? \"\" : remark)}\";")]
    [InlineData("var a = \"Select a lane, or leave it out. The run comes from a schedule.\";")]
    [InlineData("var a = \"Update the program where it is too old.\";")]
    [InlineData("var rows = from run in runs where run.State == state select run;")]
    public void SqlIn_OfAnotherLine_IsNone(string line) => Assert.Empty(SqlIn(line));

    private static List<(string Name, string Text)> Sources()
    {
        var source = Path.Combine(Repository.Root, "src");
        return [.. from file in Repository.Files(source, ".cs")
                   let name = Path.GetRelativePath(source, file).Replace('\\', '/')
                   where !name.StartsWith("Storage.", StringComparison.Ordinal)
                   select (name, File.ReadAllText(file))];
    }

    private static IEnumerable<string> SqlIn(string text) =>
        from literal in Literals().Matches(Comments().Replace(text, ""))
        where Sql().IsMatch(literal.Value)
        select literal.Value;

    [GeneratedRegex(@"(?<=^|[\s;{}(),])//.*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comments();

    [GeneratedRegex(
        """
        \$*"{3}.*?"{3}|(\$@|@\$|@)"([^"]|"")*"|\$?"(\\.|[^"\\\n])*"
        """,
        RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Literals();

    [GeneratedRegex(
        """
        (?-i:\bSELECT\s+[\w*(]|\bFROM\s+\w|\bIS\s+(NOT\s+)?NULL\b)
        | \bselect\s+[\w.*"\[]+(\(.*?\))?(\s*,\s*[\w.*"\[(]+)*\s+from\s | \binsert\s+into\s | \bcreate\s+(table|index)\s
        | \bdelete\s+from\s+\w+(\.\w+)?\s*("|$|where\b|as\b|using\b) | \bupdate\s+[\w."\[\]{}]+\s+(as\s+\w+\s+)?set\s
        | \bwhere\s+[\w.]+\s*(=|<|>|in\b) | \b\w*state\s+(=|<>|<|>)\s+[\d{@]
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sql();
}
