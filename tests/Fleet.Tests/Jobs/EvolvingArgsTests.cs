using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Core.Jobs;
using Fleet.Core.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Jobs;

/// <summary>The rules of docs/evolving-args.md.</summary>
public sealed class EvolvingArgsTests
{
    private static readonly string Ship = JobSchemas.Describe(JobDefinition.For(typeof(ShipNewJob))).Schema;

    [Fact]
    public void Read_NullableParameterIsMissing_IsNull()
    {
        var read = JsonSerializer.Deserialize<Optional>("""{"name":"a"}""", FleetJson.Payload)!;

        Assert.Equal(new Optional("a", null, null, null, 3), read);
        Assert.Equal(
            ["name"], JsonElement.Parse(SchemaOf<OptionalJob>()).GetProperty("required").EnumerateArray().Select(r => r.GetString()));
    }

    [Theory]
    [InlineData("""{}""", "args.name is missing")]
    [InlineData("""{"name":"a","parts":[{"id":1,"kind":"x"},{"id":2}]}""", "args.parts[1].kind is missing")]
    [InlineData("""{"name":"a","byName":{"x":{"kind":"k"}}}""", "args.byName.x.id is missing")]
    [InlineData("""{"name":"a","marked":{}}""", "args.marked.must is missing")]
    [InlineData("""{"name":"a","picky":{}}""", "args.picky.word is missing")]
    public async Task Read_RequiredMemberIsMissing_IsLeftToAnotherVersion(string args, string why)
    {
        var unserved = await Assert.ThrowsAsync<UnservedException>(() => InvokeAsync<NestedJob>(args));

        Assert.Equal($"{why}: job 'test.nested' needs it in this worker's version.", unserved.Message);
    }

    [Theory]
    [InlineData("""{"name":5}""")]
    [InlineData("""{"name":null}""")]
    [InlineData("""{"parts":[{"id":"x","kind":"k"}]}""")]
    [InlineData("""[]""")]
    [InlineData("null")]
    public Task Read_SomethingElseIsWrong_IsRefused(string args) =>
        Assert.ThrowsAsync<ArgsRefusedException>(() => InvokeAsync<NestedJob>(args));

    [Fact]
    public Task Read_MemberOfANewerVersion_IsIgnored() => InvokeAsync<NestedJob>("""{"name":"a","later":{"x":1}}""");

    [Theory]
    [InlineData(
        """{"type":"object","properties":{"order":{"type":"string"},"boxes":{"type":"integer"}},"required":["order","boxes"]}""",
        "args.customer is new and required, and runs enqueued before lack it.")]
    [InlineData(
        """{"type":"object","properties":{"order":{"type":"integer"},"boxes":{},"customer":{}},"required":["order","boxes","customer"]}""",
        "args.order was integer and is string.")]
    [InlineData(
        """
        {"type":"object","properties":{"order":{"type":["string","null"]},"boxes":{},"customer":{}},
         "required":["order","boxes","customer"]}
        """,
        "args.order may not be null any more.")]
    [InlineData(
        """{"type":"object","properties":{"order":{"type":"string"},"boxes":{},"customer":{}},"required":["order","customer"]}""",
        "args.boxes is required now, and runs enqueued before may lack it.")]
    public void Between_ChangeThatOlderRunsDoNotSurvive_IsNamed(string before, string expected)
    {
        var found = Assert.Single(ArgsBreaks.Between(before, Ship));

        Assert.Equal(expected, $"{found.Field} {found.What}");
    }

    [Fact]
    public void Between_EnumLosesAValueInAnArrayOfObjects_IsNamed()
    {
        const string before = """
            {"type":"object","properties":{"parts":{"type":"array",
             "items":{"type":"object","properties":{"kind":{"enum":["a","b",null]}}}}}}
            """;

        var found = Assert.Single(ArgsBreaks.Between(before, before.Replace("\"b\",", "", StringComparison.Ordinal)));

        Assert.Equal("args.parts[].kind does not take b any more.", $"{found.Field} {found.What}");
    }

    [Fact]
    public void Between_ChangesThatOlderRunsSurvive_AreNone()
    {
        Assert.Empty(ArgsBreaks.Between(Ship, Ship));
        Assert.Empty(ArgsBreaks.Between(SchemaOf<ShipNewJob>(), SchemaOf<ShipOldJob>()));
        Assert.Empty(
            ArgsBreaks.Between(
                """{"type":"object","properties":{"x":{"type":"integer"}}}""",
                """{"type":"object","properties":{"x":{"type":["number","null"]}}}"""));
    }

    private static string SchemaOf<TJob>() => JobSchemas.Describe(JobDefinition.For(typeof(TJob))).Schema;

    private static async Task InvokeAsync<TJob>(string args)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await JobDefinition.For(typeof(TJob)).InvokeAsync(services, args, null!, CancellationToken.None);
    }

    [Job("test.optional")]
    public sealed record Optional(string Name, string? Title, int? Count, IReadOnlyList<string>? Tags, int Boxes = 3);

    public sealed class OptionalJob : IJob<Optional>
    {
        public Task RunAsync(Optional args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    [Job("test.nested")]
    public sealed record Nested(
        string Name, IReadOnlyList<Part>? Parts, IReadOnlyDictionary<string, Part>? ByName, Marked? Marked, Picky? Picky);

    public sealed record Part(int Id, string Kind);

    public sealed record Marked
    {
        [JsonRequired]
        public string? Must { get; init; }

        public string? May { get; init; }
    }

    /// <summary>Refuses in its constructor what stands for a missing member.</summary>
    public sealed record Picky
    {
        public Picky(string word) => Word = word ?? throw new ArgumentNullException(nameof(word));

        public string Word { get; }
    }

    public sealed class NestedJob : IJob<Nested>
    {
        public Task RunAsync(Nested args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }
}
