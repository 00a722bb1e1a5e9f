using Fleet.Core.Search;

namespace Fleet.Tests.Search;

/// <summary>The query language for runs.</summary>
public sealed class ParseRunQueryTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Read_EveryField_IsUnderstood()
    {
        var id = RunId.New(Now);

        var query = Read(
            $"""
            state:failed,ready job:report.* job:*daily lane:mail,"a b" schedule:nightly tag:*bill* error:timeout
            id:{id} key:"k\"\\1" since:1h until:2026-03-01T11:30:00Z args.customer.id=42
            """);

        Assert.Equal([StateWord.Failed, StateWord.Ready], query.States);
        Assert.Equal(
            [new Pattern("report.", PatternKind.Prefix), new Pattern("daily", PatternKind.Suffix)], query.Jobs.SelectMany(j => j.AnyOf));
        Assert.Equal([new Pattern("mail", PatternKind.Exact), new Pattern("a b", PatternKind.Exact)], Assert.Single(query.Lanes).AnyOf);
        Assert.Equal([new Pattern("nightly", PatternKind.Exact)], Assert.Single(query.Schedules).AnyOf);
        Assert.Equal([new Pattern("bill", PatternKind.Contains)], Assert.Single(query.Tags).AnyOf);
        Assert.Equal([new Pattern("timeout", PatternKind.Contains)], Assert.Single(query.Errors).AnyOf);
        Assert.Equal(id, Assert.Single(query.Ids));
        Assert.Equal("k\"\\1", Assert.Single(query.Keys));
        Assert.Equal((Now.AddHours(-1), Now.AddMinutes(-30)), (query.Since, query.Until));
        var args = Assert.Single(query.Args);
        Assert.Equal(["customer", "id"], args.Path);
        Assert.Equal(new Pattern("42", PatternKind.Exact), args.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \t\n ")]
    public void Read_Nothing_MatchesEverything(string? text) => Assert.Same(RunQuery.All, Read(text));

    [Fact]
    public void Read_Text_IsTheSameWhateverTheSpaces() => Assert.Equal("job:a state:failed", Read("  job:a \t state:failed ").Text);

    [Theory]
    [InlineData("error:\"*\"", "*", PatternKind.Contains)]
    [InlineData("error:a*", "a", PatternKind.Prefix)]
    [InlineData("error:\"Ünicode, ok\"", "Ünicode, ok", PatternKind.Contains)]
    public void Read_Error_HasItsPattern(string text, string expected, PatternKind kind) =>
        Assert.Equal(new Pattern(expected, kind), Read(text).Errors[0].AnyOf[0]);

    [Theory]
    [InlineData("args.a:b", "a")]
    [InlineData("args.items.0.name=b", "items,0,name")]
    public void Read_Args_HasItsPath(string text, string path) => Assert.Equal(path, string.Join(',', Read(text).Args[0].Path));

    [Theory]
    [InlineData("stat:failed", "q: 'stat:failed': there is no field 'stat'; did you mean 'state'?")]
    [InlineData(
        "wonder:1",
        "q: 'wonder:1': there is no field 'wonder'; "
            + "allowed are state, job, lane, schedule, tag, error, fingerprint, id, key, since, until, args.<name>.")]
    [InlineData("state:faild", "q: 'state:faild': there is no state 'faild'; did you mean 'failed'?")]
    [InlineData("state:*", "q: 'state:*': 'state' takes no *.")]
    [InlineData("timeout", "q: 'timeout': a term is written field:value, such as job:report.* or state:failed.")]
    [InlineData(":a", "q: ':': a term is written field:value, such as job:report.* or state:failed.")]
    [InlineData("\"a\"", "q: '\"': a term is written field:value, such as job:report.* or state:failed.")]
    [InlineData("job=a", "q: 'job=': write 'job:', with a colon; '=' is for args.<name>=value.")]
    [InlineData("job:", "q: 'job:': a value is missing; an empty one is written \"\".")]
    [InlineData("job:a,", "q: 'job:a,': a value is missing; an empty one is written \"\".")]
    [InlineData("job:a\"b\"", "q: 'job:a\"': a quote begins a value, and is written \\\" inside of one.")]
    [InlineData("job:\"a", "q: 'job:\"a': the quote at the end is missing.")]
    [InlineData("job:\"a\\n\"", "q: 'job:\"a\\': in quotes, write \\\" for a quote and \\\\ for a backslash.")]
    [InlineData("job:\"a\"b", "q: 'job:\"a\"': in quotes, write \\\" for a quote and \\\\ for a backslash.")]
    [InlineData("job:a*b", "q: 'job:a*b': * may stand once at the beginning and once at the end of a value.")]
    [InlineData("job:**", "q: 'job:**': * may stand once at the beginning and once at the end of a value.")]
    [InlineData("job:*", "q: 'job:*': * may stand once at the beginning and once at the end of a value.")]
    [InlineData("id:7", "q: 'id:7': an id is a UUID of 36 characters.")]
    [InlineData("since:1h since:2h", "q: 'since:2h': 'since' is given twice; separate several values with commas.")]
    [InlineData("state:failed state:running", "q: 'state:running': 'state' is given twice; separate several values with commas.")]
    [InlineData("since:1m until:1h", "q: 'since:1m until:1h': since must be before until.")]
    [InlineData("args.=1", "q: 'args.=1': a member is named as in args.customer.id=42.")]
    [InlineData("args.a..b=1", "q: 'args.a..b=1': a member is named as in args.customer.id=42.")]
    [InlineData("args.a=1,2", "q: 'args.a=1,2': a member of the args is compared with one value; put a comma in quotes.")]
    public void Read_NotWellFormed_NamesTheTermAndWhatIsAllowed(string text, string message)
    {
        var refused = Assert.Throws<InvalidRunException>(() => Read(text));

        Assert.Equal(("invalid_query", "q", message), (refused.Error.Code, refused.Error.Field, refused.Message));
    }

    [Theory]
    [InlineData("never")]
    [InlineData("-1h")]
    [InlineData("1000000d")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1h,2h")]
    public void Read_NoInstant_SaysWhatIsAllowed(string text) => Assert.Equal(
        $"q: 'until:{text}': allowed is an instant such as 2026-01-31T12:00:00Z, or how long ago, such as 15m, 1h or 7d.",
        Assert.Throws<InvalidRunException>(() => Read("until:" + text)).Message);

    [Fact]
    public void Read_TooLong_IsRefused()
    {
        Assert.Equal(
            "q: '2049 characters': a query has at most 2048 characters.",
            Assert.Throws<InvalidRunException>(() => Read("job:" + new string('a', 2045))).Message);
        Assert.Equal(
            "q: '33 terms': a query has at most 32 terms.",
            Assert.Throws<InvalidRunException>(() => Read(string.Join(' ', Enumerable.Repeat("job:a", 33)))).Message);
        Assert.Equal(32, Read(string.Join(' ', Enumerable.Repeat("job:a", 32))).Jobs.Count);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a \"b\" \\ c, d*")]
    [InlineData("")]
    public void Term_AnyValue_IsReadAsItIs(string value) =>
        Assert.Equal(new Pattern(value, PatternKind.Exact), Read(ParseRunQuery.Term("job", value)).Jobs[0].AnyOf[0]);

    private static RunQuery Read(string? text) => ParseRunQuery.Read(text, Now);
}
