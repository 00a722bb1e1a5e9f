using Fleet.Core.Jobs;

namespace Fleet.Tests.Jobs;

/// <summary>All violations of the args, at every level.</summary>
public sealed class ArgsCheckTests
{
    private const string Schema =
        """
        {"type":"object","additionalProperties":false,"required":["name","items"],"properties":{
            "name":{"type":"string"},
            "count":{"type":"integer","minimum":1,"maximum":9},
            "items":{"type":"array","items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer"}}}},
            "labels":{"type":"object","additionalProperties":{"type":"string"}}}}
        """;

    private static readonly JobInfo Job = new() { Name = "test", Lane = "default", Schema = Schema, Example = "{}" };

    [Fact]
    public void Check_ManyViolations_NamesAllOfThem()
    {
        var errors = new ArgsCheck().Check(
            Job, """{"count":10,"items":[{"id":"1"},{},{"id":2,"more":3},5],"labels":{"a.b":1,"c":"fine"},"what":null}""");

        Assert.Equal(
            [
                "invalid_argument args.count", "invalid_argument args.items[0].id", "missing_argument args.items[1].id",
                "invalid_argument args.items[3]", "invalid_argument args.labels.a.b", "unknown_argument args.what",
                "missing_argument args.name",
            ],
            errors.Select(e => $"{e.Code} {e.Field}"));
        Assert.Equal("/args/labels/a.b", Assert.Single(errors, e => e.Pointer is not null).Pointer);
    }

    /// <summary>What is wrong with one member says nothing about the members after it.</summary>
    [Fact]
    public void Check_UnionBehindAnotherViolation_IsCheckedToo()
    {
        var job = Job with
        {
            Schema =
                """
                {"type":"object","properties":{
                    "count":{"type":"integer"},
                    "shape":{"anyOf":[{"type":"object","required":["r"]},{"type":"object","required":["w"]}]}}}
                """,
        };

        var errors = new ArgsCheck().Check(job, """{"count":"x","shape":{"h":1}}""");

        Assert.Equal(2, errors.Count);
        Assert.Equal("args.count", errors[0].Field);
        Assert.StartsWith("args.shape", errors[1].Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Fits_HasNoErrors() =>
        Assert.Empty(new ArgsCheck().Check(Job, """{"name":"x","count":9,"items":[{"id":1}],"labels":{"a.b":"c"}}"""));

    [Fact]
    public void Check_ThousandsOfViolations_NamesAHundred()
    {
        var items = string.Join(',', Enumerable.Repeat("5", 5000));

        Assert.Equal(100, new ArgsCheck().Check(Job, $$"""{"name":"x","items":[{{items}}]}""").Count);
    }
}
