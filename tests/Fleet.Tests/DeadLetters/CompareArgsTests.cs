using System.Text.Json;
using Fleet.Core.DeadLetters;

namespace Fleet.Tests.DeadLetters;

/// <summary>Which args differ, and what an edit changes.</summary>
public sealed class CompareArgsTests
{
    [Fact]
    public void Execute_ValueOfFailedRunsOnly_IsTold()
    {
        var failed = Many(20, i => $$"""{"id":{{i}},"to":{"country":"XX"},"items":[{"sku":"a"}],"note":"n"}""");
        var succeeded = Many(
            20, i => $$"""{"id":{{i + 100}},"to":{"country":"{{(i == 0 ? "XX" : "DE")}}"},"items":[{"sku":"b"}],"zip":1}""");

        var found = CompareArgs.Execute(failed, succeeded);

        Assert.Equal(
            [
                new ArgsDifference("items[].sku", "\"a\"", 20, 0), new ArgsDifference("note", "\"n\"", 20, 0),
                new ArgsDifference("zip", null, 20, 0), new ArgsDifference("to.country", "\"XX\"", 20, 1),
            ],
            found);
    }

    [Fact]
    public void Execute_SameArgs_TellsNothing()
    {
        Assert.Empty(CompareArgs.Execute(Many(20, i => $$"""{"id":{{i}}}"""), Many(20, i => $$"""{"id":{{i + 50}}}""")));
        Assert.Empty(CompareArgs.Execute(Many(20, i => $$"""{"x":{{i % 5}}}"""), Many(20, i => $$"""{"x":{{i % 4}}}""")));
    }

    [Fact]
    public void Execute_TooFewRuns_TellsNothing()
    {
        Assert.Empty(CompareArgs.Execute(Many(4, _ => """{"x":1}"""), Many(20, _ => """{"x":2}""")));
        Assert.Empty(CompareArgs.Execute(Many(20, _ => """{"x":1}"""), Many(4, _ => """{"x":2}""")));
        Assert.Single(CompareArgs.Execute(Many(5, _ => """{"x":1}"""), Many(5, _ => """{"x":2}""")));
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"c":2}}""", """{"b":{"c":3},"d":4}""", """{"a":1,"b":{"c":3},"d":4}""", "b.c,d")]
    [InlineData("""{"a":1,"b":[1,2]}""", """{"a":null,"b":[1,3]}""", """{"b":[1,3]}""", "a,b[1]")]
    [InlineData("""{"a":1}""", """{"a":{"b":null,"c":1}}""", """{"a":{"c":1}}""", "a")]
    [InlineData("""{"a":1}""", "{}", """{"a":1}""", "")]
    public void Merge_APatch_FollowsTheStandard(string args, string patch, string expected, string changed)
    {
        var merged = DiffArgs.Merge(JsonElement.Parse(args), JsonElement.Parse(patch));

        Assert.Equal(expected, merged.GetRawText());
        Assert.Equal(changed, string.Join(',', DiffArgs.Execute(JsonElement.Parse(args), merged).Select(c => c.Path)));
    }

    private static JsonElement[] Many(int count, Func<int, string> json) =>
        [.. Enumerable.Range(0, count).Select(i => JsonElement.Parse(json(i)))];
}
