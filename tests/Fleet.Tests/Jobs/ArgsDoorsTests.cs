using System.Text.Json;
using Fleet.Core.Jobs;
using Fleet.Core.Text;
using Fleet.Engine.Diagnostics;
using Fleet.Samples;

namespace Fleet.Tests.Jobs;

/// <summary>There are two doors for args: a process that has the args type reads them, and one that has only the published schema checks
/// them against that. Both let in the same, and only what the handler's reader takes.</summary>
public sealed class ArgsDoorsTests
{
    private static readonly ArgsCheck Doors = new();

    /// <summary>Args type, args, whether they are let in, and the field of the refusal.</summary>
    public static TheoryData<Type, string, bool, string?> Table()
    {
        var table = new TheoryData<Type, string, bool, string?>();
        foreach (var (type, member, good, bad) in Values)
        {
            foreach (var value in good)
                table.Add(type, $$"""{"{{member}}":{{value}}}""", true, null);
            foreach (var value in bad)
                table.Add(type, $$"""{"{{member}}":{{value}}}""", false, "args." + member);
        }

        foreach (var (type, args, field) in Wholes)
            table.Add(type, args, field is null, field);
        return table;
    }

    private static readonly string Digits = new('1', 400);

    private static readonly (Type Type, string Member, string[] Good, string[] Bad)[] Values =
    [
        (typeof(Numbers), "i8", ["-128", "127", "null"], ["-129", "128", Digits]),
        (typeof(Numbers), "u8", ["0", "255"], ["-1", "256", "1e400"]),
        (typeof(Numbers), "i16", ["-32768"], ["32768", "1.0"]),
        (typeof(Numbers), "u16", ["65535"], ["-1", "65536"]),
        (typeof(Numbers), "i32", ["0", "-0", "2147483647"],
            ["2147483648", "1.0", "1e3", "\"1\"", "true", "[]", "{}", Digits, "-1e999999999999", "0.1e-99999", "1E0"]),
        (typeof(Numbers), "u32", ["4294967295"], ["-1", "4294967296"]),
        (typeof(Numbers), "i64", ["9223372036854775807", "-9223372036854775808"], ["9223372036854775808", "-9223372036854775809", Digits]),
        (typeof(Numbers), "u64", ["18446744073709551615"], ["-1", "18446744073709551616"]),
        (typeof(Numbers), "i128", ["170141183460469231731687303715884105727"], ["170141183460469231731687303715884105728", "1e2", Digits]),
        (typeof(Numbers), "u128", ["340282366920938463463374607431768211455"], ["-1", "340282366920938463463374607431768211456"]),
        (typeof(Numbers), "f16", ["1.5", "65504"], ["70000", "1e400"]),
        (typeof(Numbers), "f32", ["1.5", "3.4e38"], ["1e39", Digits, "\"NaN\"", "\"Infinity\""]),
        (typeof(Numbers), "f64", ["1.5", "1e308", "0.1e-99999"], ["1e400", "-1e400", Digits, "\"NaN\"", "\"1.5\""]),
        (typeof(Numbers), "dec", ["1.5", "79228162514264337593543950335"], ["1e40", "79228162514264337593543950336", Digits]),
        (typeof(Numbers), "orText", ["5", "\"5\""], ["\"x\"", "2147483648", "\"2147483648\"", "\"1.0\"", "1.0"]),
        (typeof(Numbers), "orNan", ["1.5", "\"NaN\"", "\"-Infinity\""], ["\"Infinite\"", "1e400"]),
        (typeof(Texts), "ch", ["\"a\"", "\"é\"", "null"], ["\"\"", "\"ab\"", "\"😀\"", "5"]),
        (typeof(Texts), "id", ["\"01938f3c-0000-7000-8000-000000000000\""],
            ["\"01938f3c000070008000000000000000\"", "\"{01938f3c-0000-7000-8000-000000000000}\"", "\"x\"", "\"\""]),
        (typeof(Texts), "span", ["\"00:05:00\"", "\"-1.02:03:04.5\"", "\"23:59:59\""],
            ["\"24:00:00\"", "\"5\"", "\"PT5M\"", "\"00:60:00\"", "\" 00:05:00\"", "5", "\"99999999.00:00:00\""]),
        (typeof(Texts), "at", ["\"2026-01-31T12:00:00+01:00\"", "\"2026-01-31T12:00:00Z\"", "\"2026-01-31\""],
            ["\"2026-01-31 12:00\"", "\"31.01.2026\"", "\"2026-02-30T00:00:00Z\"", "\"2026-01-31T12:00:00+15:00\"",
                "\"0001-01-01T00:00:00+14:00\"", "\"2026-01-31T12:00:00Z\\n\""]),
        (typeof(Texts), "local", ["\"2026-01-31T12:00:00\""], ["\"2026-13-31T12:00:00\"", "\"now\"", "0"]),
        (typeof(Texts), "day", ["\"2026-01-31\""], ["\"2026-02-30\"", "\"2026-1-31\"", "\"2026-01-31T00:00:00\""]),
        (typeof(Texts), "time", ["\"12:00:00\"", "\"23:59:59.9999999\""], ["\"24:00:00\"", "\"noon\""]),
        (typeof(Texts), "bytes", ["\"AAEC\"", "\"\""], ["\"a\"", "\"-_-_\"", "\"AAEC \\u00e9\"", "[1,2]"]),
        (typeof(Texts), "memory", ["\"AAEC\""], ["\"a\""]),
        (typeof(Texts), "link", ["\"https://example.com/\"", "\"\"", "\"not a uri\""], ["\"http://[\"", "5"]),
        (typeof(Texts), "version", ["\"1.0\"", "\"1.2.3.4\""], ["\"1\"", "\"1.2.3.4.5\"", "\"1.x\"", "\" 1.0\"", "\"2147483648.0\""]),
        (typeof(Texts), "color", ["\"red\"", "\"RED\"", "\" green \""], ["\"1\"", "1", "\"blue\"", "\"\""]),
        (typeof(Texts), "parts", ["\"left\"", "\"Left, right\"", "\"none\""], ["\"left,,right\"", "\"\"", "\"middle\"", "3"]),
        (typeof(Texts), "number", ["0", "1"], ["\"red\"", "99999999999", "1.0"]),
        (typeof(Texts), "named", ["\"x\"", "\"\\u0000\"", "null"], ["5", "{}"]),
        (typeof(Texts), "yes", ["true", "null"], ["1", "\"true\""]),
        (typeof(Lists), "names", ["[]", "[\"a\"]"], ["\"a\"", "{}"]),
        (typeof(Lists), "perhaps", ["[null,\"a\"]"], ["5"]),
        (typeof(Lists), "set", ["[1,1,2]"], ["1"]),
        (typeof(Lists), "byNumber", ["{\"1\":\"a\",\"-5\":\"b\"}"], []),
        (typeof(Lists), "any", ["5", "{\"x\":[1e999]}", Digits, "null"], []),
        (typeof(Lists), "value", ["5", "\"x\"", "true"], ["{}", "[]"]),
        (typeof(Lists), "node", ["5", "{}", "[]"], []),
        (typeof(Lists), "map", ["{\"a\":1}"], ["[]", "5"]),
        (typeof(Lists), "list", ["[1,\"a\"]"], ["{}"]),
        (typeof(Lists), "elements", ["[[1],[2,3]]"], ["1"]),
    ];

    private static readonly (Type Type, string Args, string? Field)[] Wholes =
    [
        (typeof(Needed), """{"a":"x","b":1,"c":2}""", null),
        (typeof(Needed), """{"A":"x","B":1,"C":2}""", null),
        (typeof(Needed), """{"a":"x","c":2}""", "args.b"),
        (typeof(Needed), """{"a":"x","b":1}""", "args.c"),
        (typeof(Needed), """{"b":1,"c":2}""", "args.a"),
        (typeof(Needed), """{"a":null,"b":1,"c":2}""", "args.a"),
        (typeof(Needed), """{"a":"x","b":null,"c":2}""", "args.b"),
        (typeof(Needed), """{"a":"x","b":1,"c":2,"d":3}""", "args.d"),
        (typeof(Needed), """{"a":"x","b":1,"c":2,"B":3}""", "args.B"),
        (typeof(Needed), """{"a":"x","b":1,"c":2,"sum":"what a copied run may hold"}""", null),
        (typeof(Needed), """{"a":"x","b":1,"c":2,"kept":5}""", null),
        (typeof(Needed), """{"a":"x","b":1,"c":2,"kept":"x"}""", "args.kept"),
        (typeof(Ranged), """{"whole":5,"part":0.5,"money":0.5}""", null),
        (typeof(Ranged), """{"whole":4,"part":0.5,"money":0.5}""", "args.whole"),
        (typeof(Ranged), """{"whole":5,"part":1.0,"money":0.5}""", "args.part"),
        (typeof(Ranged), """{"whole":5,"part":0.5,"money":2.5}""", "args.money"),
        (typeof(Open), """{"known":1,"other":[1]}""", null),
        (typeof(Open), """{"known":"x"}""", "args.known"),
        // Bound to the member whatever its case, and not to the rest.
        (typeof(Open), """{"KNOWN":"x"}""", "args.KNOWN"),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":1},"more":[]}""", null),
        (typeof(Drawing), """{"shape":{"r":1,"$type":"circle"},"more":[]}""", null),
        (typeof(Drawing), """{"shape":{"r":1},"more":[]}""", "args.shape.$type"),
        (typeof(Drawing), """{"shape":{"$type":"oval","r":1},"more":[]}""", "args.shape.$type"),
        (typeof(Drawing), """{"shape":{"$type":1,"r":1},"more":[]}""", "args.shape.$type"),
        (typeof(Drawing), """{"shape":{"$type":"circle","w":1},"more":[]}""", "args.shape.w"),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":"x"},"more":[]}""", "args.shape.r"),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":1},"more":[{"$type":"square","w":1},{"$type":"circle"}]}""", "args.more[1].r"),
        (typeof(Drawing), """{"shape":null,"more":[]}""", "args.shape"),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":1},"more":[],"base":{"name":"n"}}""", null),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":1},"more":[],"base":{"$kind":2,"name":"n","extra":true}}""", null),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":1},"more":[],"base":{"$kind":3,"name":"n"}}""", "args.base.$kind"),
        (typeof(Drawing), """{"shape":{"$type":"circle","r":1},"more":[],"base":{"name":5}}""", "args.base.name"),
        (typeof(Tree), """{"value":1,"next":{"value":2,"next":{"value":3,"next":null}},"kids":[{"value":4}]}""", null),
        (typeof(Tree), """{"value":1,"next":{"value":2,"next":{"value":"x"}}}""", "args.next.next.value"),
        (typeof(Tree), """{"value":1,"kids":[{"value":4,"kids":[{"value":"x"}]}]}""", "args.kids[0].kids[0].value"),
        (typeof(Lists), """{"names":[1]}""", "args.names[0]"),
        (typeof(Lists), """{"set":[1,2147483648]}""", "args.set[1]"),
        (typeof(Lists), """{"byNumber":{"x":"a"}}""", "args.byNumber.x"),
        (typeof(Lists), """{"byNumber":{"1.0":"a"}}""", "args.byNumber.1.0"),
        (typeof(Lists), """{"byNumber":{"1":5}}""", "args.byNumber.1"),
        (typeof(Lists), """{"byColor":{"red":1,"GREEN":2}}""", null),
        (typeof(Lists), """{"byColor":{"blue":1}}""", "args.byColor.blue"),
        (typeof(Lists), """{"byId":{"01938f3c-0000-7000-8000-000000000000":null}}""", null),
        (typeof(Lists), """{"byId":{"01938f3c000070008000000000000000":1}}""", "args.byId.01938f3c000070008000000000000000"),
        (typeof(Lists), """{"map":{"a":"x"}}""", "args.map.a"),
        (typeof(Lists), """{"elements":[[1],[2,"x"]]}""", "args.elements[1][1]"),
        (typeof(Lists), """{"ending":{"key":"k","value":1}}""", null),
        (typeof(Lists), """{"ending":{"key":"k"}}""", "args.ending.value"),
    ];

    private static InputError? First(JobInfo job, string args) => Doors.Check(job, args) is [var first, ..] ? first : null;

    [Theory]
    [MemberData(nameof(Table))]
    public void Check_WithTheTypeAndWithTheSchemaAlone_LetsInTheSame(Type type, string args, bool isLetIn, string? field)
    {
        var job = JobSchemas.Describe(JobDefinition.For(typeof(Handler<>).MakeGenericType(type)));
        var stored = ArgsText.Parse(args);

        var (withType, withSchema) = (First(job, stored), First(job with { Definition = null }, stored));

        Assert.Equal(field, withSchema?.Field);
        Assert.Equal(field, withType?.Field);
        if (withSchema is not null)
            Assert.DoesNotContain("Exception", withSchema.Message, StringComparison.Ordinal);
        if (isLetIn)
            Assert.NotNull(JsonSerializer.Deserialize(stored, type, FleetJson.Payload));
    }

    [Theory]
    [InlineData(typeof(Numbers))]
    [InlineData(typeof(Texts))]
    [InlineData(typeof(Lists))]
    [InlineData(typeof(Needed))]
    [InlineData(typeof(Ranged))]
    [InlineData(typeof(Open))]
    [InlineData(typeof(Drawing))]
    [InlineData(typeof(Tree))]
    [InlineData(typeof(Own))]
    [InlineData(typeof(Everything))]
    public void Describe_Example_FitsItsOwnJob(Type type)
    {
        var job = JobSchemas.Describe(JobDefinition.For(typeof(Handler<>).MakeGenericType(type)));

        Assert.Null(First(job, ArgsText.Parse(job.Example)));
        Assert.Null(First(job with { Definition = null }, ArgsText.Parse(job.Example)));
        Assert.NotNull(JsonSerializer.Deserialize(job.Example, type, FleetJson.Payload));
    }

    /// <summary>The same rules hold for the examples of the jobs that Fleet brings along.</summary>
    [Fact]
    public void Describe_ExamplesOfFleetsOwnJobs_FitThem()
    {
        var handlers = new[] { typeof(Echo).Assembly, typeof(SamplesOptions).Assembly }
            .SelectMany(a => a.GetTypes()).Where(JobRegistration.IsHandler).ToList();

        Assert.NotEmpty(handlers);
        Assert.All(
            handlers.Select(h => JobSchemas.Describe(JobDefinition.For(h))),
            job => Assert.Null(First(job, ArgsText.Parse(job.Example))));
    }

    [Theory]
    [InlineData("""{"day":5}""", "args.day", "bad day")]
    [InlineData("""{"day":1,"inner":{"day":5}}""", "args.day", "bad day")]
    [InlineData("""{"day":1,"text":"long"}""", "args", "is too long")]
    public void CheckArgs_ConstructorThatThrows_IsRefusedWhereTheTypeIsLoaded(string args, string field, string said)
    {
        var job = JobSchemas.Describe(JobDefinition.For(typeof(Handler<Choosy>)));

        var error = First(job, args);

        Assert.Equal(field, error?.Field);
        Assert.Contains(said, error?.Message, StringComparison.Ordinal);
        Assert.Null(First(job with { Definition = null }, args));
    }

    /// <summary>Until the workers of an older version are gone, their schemas have none of our own keywords.</summary>
    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","format":"uuid"}}}""", """{"a":"x"}""", "args.a")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """{"a":1.5}""", "args.a")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","maximum":5}}}""", """{"a":DIGITS}""", "args.a")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"number","minimum":5}}}""", """{"a":-DIGITS}""", "args.a")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"^a+$"}}}""", """{"a":"b"}""", "args.a")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","x-fleet-reader":"OfTomorrow"}}}""", """{"a":"b"}""", null)]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}""", """{"a":"b"}""", null)]
    [InlineData("""no schema""", """{"a":"b"}""", null)]
    public void Check_SchemaOfAnotherVersion_IsReadAsFarAsItIsKnown(string schema, string args, string? field)
    {
        var job = new JobInfo { Name = "old", Lane = "default", Schema = schema, Example = "{}" };

        Assert.Equal(field, First(job, args.Replace("DIGITS", Digits, StringComparison.Ordinal))?.Field);
    }

    [Fact]
    public void Parse_DeeperThanTheReaderGoes_IsRefused()
    {
        var deep = JsonElement.Parse(
            string.Concat(Enumerable.Repeat("{\"a\":", 66)) + "1" + new string('}', 66), new JsonDocumentOptions { MaxDepth = 70 });

        Assert.Equal("too_deep", Assert.Throws<InvalidRunException>(() => ArgsText.From(deep)).Error.Code);
    }
}
