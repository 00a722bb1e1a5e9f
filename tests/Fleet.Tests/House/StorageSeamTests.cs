using System.Text.RegularExpressions;

namespace Fleet.Tests.House;

/// <summary>How PostgreSQL finds runs by their state is known in its storage alone (docs/adr/0014). A statement elsewhere that names its
/// column or tables, or that writes a state by itself, would lose runs without an error.</summary>
public sealed partial class StorageSeamTests
{
    [Fact]
    public void Sources_OutsideStoragePostgres_DoNotKnowHowItFindsRuns()
    {
        var source = Path.Combine(Repository.Root, "src");
        var found = new List<string>();
        foreach (var file in Repository.Files(source, ".cs"))
        {
            var name = Path.GetRelativePath(source, file).Replace('\\', '/');
            if (name.StartsWith("Storage.Postgres/", StringComparison.Ordinal))
                continue;
            found.AddRange(Violations(name, File.ReadAllText(file)));
        }

        Assert.True(found is [], string.Join('\n', found));
    }

    [Theory]
    [InlineData("UPDATE runs SET state = 4, indexed_state = 4")]
    [InlineData("SELECT unnest(ids) FROM pending_sets")]
    [InlineData("DELETE FROM fleet.claim_sets AS c")]
    [InlineData("public IQueryable<Run> IndexedPending => null;")]
    [InlineData("set.SetProperty(r => r.State, RunState.Canceled)")]
    public void Violations_OfSuchALine_AreFound(string line) => Assert.Single(Violations("Core/Runs/Verb.cs", line));

    [Theory]
    [InlineData("var batches = runs.Chunk(500);")]
    [InlineData("/// <summary>The claims of pending runs; their state is indexed.</summary>")]
    [InlineData("set.SetProperty(w => w.State, WorkerState.Gone)")]
    public void Violations_OfAnotherLine_AreNone(string line) => Assert.Empty(Violations("Core/Runs/Verb.cs", line));

    private static IEnumerable<string> Violations(string name, string text) =>
        from item in text.Split('\n').Index()
        where Names().IsMatch(item.Item) || (name != "Core/Storage/RunStates.cs" && Writes().IsMatch(item.Item))
        select $"{name}:{item.Index + 1}: {item.Item.Trim()}";

    [GeneratedRegex(
        @"\b(indexed_state|pending_sets|claim_sets|IndexedState|IndexedPending|(Index)?PendingSets?|ClaimSets?)\b",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();

    // In an update of many rows; w is a worker.
    [GeneratedRegex(
        @"SetProperty\((?<row>\w+) => \k<row>\.State, (?!WorkerState|OperationState)", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Writes();
}
