using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Cli;

/// <summary>The formats of <c>-o</c>: one document, ids that are never cut, colours that only repeat words.</summary>
public sealed class OutputTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private static readonly Listing<Thing> Listing = new(thing => thing.Id)
    {
        { "ID", thing => thing.Id, ColumnKind.Id },
        { "STATE", thing => thing.State, ColumnKind.State },
        { "AT", thing => thing.At },
        { "ERROR", thing => thing.Error },
        { "MORE", thing => "more", ColumnKind.Text, true },
    };

    private static readonly Thing[] Things =
    [
        new("0198c0de-7a3b-7c4d-8e5f-0123456789ab", "failed", Now.AddSeconds(-12), "It took\ttoo long and\nwas stopped."),
        new("b", "succeeded", null, null),
    ];

    [Fact]
    public async Task Table_NarrowTerminal_CutsTextAndNoId() => Assert.Equal(
        """
        ID                                    STATE      AT       ERROR
        0198c0de-7a3b-7c4d-8e5f-0123456789ab  failed     12s ago  It took…
        b                                     succeeded

        """,
        await PrintAsync(OutputFormat.Table, Things, width: 40));

    [Fact]
    public async Task Table_NotATerminal_CutsNothing() => Assert.Contains(
        "12s ago  It took too long and was stopped.\n", await PrintAsync(OutputFormat.Table, Things), StringComparison.Ordinal);

    [Fact]
    public async Task Table_LettersOfTwoCells_StayInColumns()
    {
        var lines = (await PrintAsync(OutputFormat.Table, [new("任务", "failed", null, "x"), new("abcd", "ready", null, "y")])).Split('\n');

        Assert.StartsWith("任务  failed", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("abcd  ready", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wide_Always_HasAllColumnsAndExactInstants() => Assert.Contains(
        "failed     2026-11-30T11:59:48Z  It took too long and was stopped.  more\n",
        await PrintAsync(OutputFormat.Wide, Things, width: 40), StringComparison.Ordinal);

    [Fact]
    public async Task Tsv_Always_HasOneLineForEachWithoutHeader() => Assert.Equal(
        "0198c0de-7a3b-7c4d-8e5f-0123456789ab\tfailed\t2026-11-30T11:59:48Z\tIt took too long and was stopped.\nb\tsucceeded\t\t\n",
        await PrintAsync(OutputFormat.Tsv, Things));

    [Fact]
    public async Task Columns_Given_ArePrintedInTheirOrder() => Assert.Equal(
        "more\tb\n", await PrintAsync(OutputFormat.Tsv, Things[1..], columns: "more, id"));

    [Theory]
    [InlineData("json", "[]\n")]
    [InlineData("yaml", "[]\n")]
    [InlineData("jsonl", "")]
    [InlineData("name", "")]
    [InlineData("tsv", "")]
    [InlineData("table", "")]
    public async Task EmptyList_InEveryFormat_IsAValidDocument(string format, string expected) =>
        Assert.Equal(expected, await PrintAsync(Enum.Parse<OutputFormat>(format, ignoreCase: true), []));

    [Fact]
    public async Task Formats_ForPrograms_HoldTheWholeItem()
    {
        var expected = JsonSerializer.SerializeToElement(Things);

        var json = JsonElement.Parse(await PrintAsync(OutputFormat.Json, Things));
        var lines = (await PrintAsync(OutputFormat.Jsonl, Things)).TrimEnd().Split('\n').Select(line => JsonElement.Parse(line)).ToList();
        var yaml = await PrintAsync(OutputFormat.Yaml, Things);

        Assert.True(JsonElement.DeepEquals(expected, json));
        Assert.True(JsonElement.DeepEquals(expected, JsonSerializer.SerializeToElement(lines)));
        Assert.StartsWith(
            "- Id: \"0198c0de-7a3b-7c4d-8e5f-0123456789ab\"\n  State: \"failed\"\n  At: \"2026-", yaml, StringComparison.Ordinal);
        Assert.Equal("0198c0de-7a3b-7c4d-8e5f-0123456789ab\nb\n", await PrintAsync(OutputFormat.Name, Things));
    }

    [Fact]
    public async Task Color_OnATerminal_RepeatsTheWord()
    {
        var colored = await PrintAsync(OutputFormat.Table, Things, width: 120, hasColor: true);

        Assert.Contains("\u001B[31mfailed\u001B[0m", colored, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001B', await PrintAsync(OutputFormat.Table, Things, width: 120));
    }

    [Fact]
    public async Task ControlCharacters_InAValue_DoNotReachTheTerminal() => Assert.DoesNotContain(
        '\u001B', await PrintAsync(OutputFormat.Table, [new("a", "failed", null, "\u001B]0;title\u0007")]));

    [Fact]
    public async Task Facts_OfOneThing_AreAlignedOrTabSeparated()
    {
        var facts = new Facts();
        facts.Add("id", "a");
        facts.AddState("state", "failed");
        facts.Add("nothing", null);
        facts.Add("args", "1\n2");

        Assert.Equal("id     a\nstate  failed\nargs   1\n       2\n", await PrintFactsAsync(OutputFormat.Table, facts));
        Assert.Equal("id\ta\nstate\tfailed\nargs\t1 2\n", await PrintFactsAsync(OutputFormat.Tsv, facts));
    }

    private static async Task<string> PrintFactsAsync(OutputFormat format, Facts facts) => (await RoutedConsole.RunAsync(() =>
    {
        new Output(format, new Terminal(true, 80, HasColor: false), TimeProvider.System).Facts(facts);
        return Task.FromResult(0);
    })).Output;

    private static async Task<string> PrintAsync(
        OutputFormat format, Thing[] things, int? width = null, bool hasColor = false, string? columns = null) =>
        (await RoutedConsole.RunAsync(() =>
        {
            new ListOutput<Thing>(
                format, new Terminal(width is not null, width, hasColor), new FakeTimeProvider(Now), Listing,
                Listing.Choose(columns, format == OutputFormat.Wide)).Print(JsonSerializer.SerializeToElement(things), things, "None.");
            return Task.FromResult(0);
        })).Output;

    public sealed record Thing(string Id, string State, DateTimeOffset? At, string? Error);
}
