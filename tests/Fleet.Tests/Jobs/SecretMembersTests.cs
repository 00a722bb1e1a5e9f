using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;

namespace Fleet.Tests.Jobs;

/// <summary>Which members are secret, from the attribute to the schema, and what is shown of them.</summary>
public sealed class SecretMembersTests
{
    private const string Args =
        """
        {"name":"ann","PASSWORD":"hunter2","pin":123456,"tokens":["t-one","t-two"],"byHost":{"a":"pw-a"},"card":{"number":"4111","month":5},
         "account":{"user":"u","key":"k-secret"},"accounts":[{"user":"u1","key":"k1-secret"},{"user":"u2","key":null}],
         "more":{"x":{"user":"ux","key":"kx-secret"}},"payment":{"$type":"cash","receipt":"r-secret","note":"n"},
         "odd":"o-secret","any":{"a":[1]},"tree":{"key":"deep-0","child":{"key":"deep-1"}},"fields":"f-secret","extra":"e-secret"}
        """;

    private static readonly SecretMembers Secrets = SecretMembers.Of([SchemaOf<ManyJob>()]);

    [Fact]
    public void Schema_OfSecretMembers_IsWriteOnlyAndHasNoDefault()
    {
        var schema = JsonElement.Parse(SchemaOf<ManyJob>()).GetProperty("properties");

        foreach (var name in new[] { "password", "pin", "tokens", "byHost", "card", "odd", "any", "fields", "url" })
            Assert.True(schema.GetProperty(name).GetProperty("writeOnly").GetBoolean(), name);
        Assert.False(schema.GetProperty("name").TryGetProperty("writeOnly", out _));
        Assert.DoesNotContain("the-default", SchemaOf<ManyJob>(), StringComparison.Ordinal);
    }

    [Fact]
    public void Redact_EveryKindOfMember_ShowsNoSecretAndEverythingElse()
    {
        var shown = Secrets.Redact(Args);

        Assert.True(
            JsonElement.DeepEquals(
                JsonElement.Parse(
                    """
                    {"name":"ann","PASSWORD":"***","pin":"***","tokens":"***","byHost":"***","card":"***",
                     "account":{"user":"u","key":"***"},"accounts":[{"user":"u1","key":"***"},{"user":"u2","key":null}],
                     "more":{"x":{"user":"ux","key":"***"}},"payment":{"$type":"cash","receipt":"***","note":"n"},"odd":"***","any":"***",
                     "tree":{"key":"***","child":{"key":"***"}},"fields":"***","extra":"***"}
                    """),
                JsonElement.Parse(shown)),
            shown);
    }

    [Fact]
    public void Redact_JobWithoutSecrets_IsTheSameText()
    {
        var args = """{"a": 1.50}""";

        Assert.Same(args, SecretMembers.Of([SchemaOf<OpenJob>()]).Redact(args));
    }

    [Fact]
    public void Redact_OtherMembers_StayAsTheyAreWritten() => Assert.Equal(
        """{"password":"***","name":"<ä> \u0007","n":1.50e3}""",
        SecretMembers.Of(["""{"properties":{"password":{"writeOnly":true}}}"""])
            .Redact("""{"password":"x", "name":"<ä> \u0007", "n":1.50e3}"""));

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    public void Redact_RowOfAnotherProgramWithoutJson_ShowsNothing(string args) => Assert.Equal("\"***\"", Secrets.Redact(args));

    [Fact]
    public void Redact_VersionThatHasTheSecretNoMore_IsStillRedacted() => Assert.Equal(
        """{"password":"***"}""",
        SecretMembers.Of([SchemaOf<OpenJob>(), """{"properties":{"password":{"writeOnly":true}}}""", "no schema"])
            .Redact("""{"password":"x"}"""));

    [Theory]
    [InlineData("password", true)]
    [InlineData("Password", true)]
    [InlineData("name", false)]
    [InlineData("tokens.0", true)]
    [InlineData("accounts.1.key", true)]
    [InlineData("accounts.1.user", false)]
    [InlineData("byHost.a", true)]
    [InlineData("more.0.key", true)]
    [InlineData("payment.receipt", true)]
    [InlineData("tree.child.child.child.key", true)]
    [InlineData("tree.child", false)]
    [InlineData("whatever", true)]
    public void Contains_Path_IsWhetherItIsSecretOrWithinOne(string path, bool isSecret) =>
        Assert.Equal(isSecret, Secrets.Contains(path.Split('.')));

    [Fact]
    public void CutOf_TextWithValues_HasNoneInAnyForm()
    {
        var values = Secrets.ValuesIn("""{"password":"a b\"c/ä","pin":123456,"tokens":["abc"],"account":{"key":"4111-2222"}}""");

        Assert.Equal("url=***&x", values.CutOf("url=a%20b%22c%2F%C3%A4&x"));
        Assert.Equal("""{"p":"***"}""", values.CutOf("""{"p":"a b\"c/ä"}"""));
        Assert.Equal("pin *** of *** abc", values.CutOf("pin 123456 of 4111-2222 abc"));
    }

    [Fact]
    public void KeepStored_RedactedMembers_KeepWhatIsStored()
    {
        var edited = Secrets.Redact(Args).Replace("\"ann\"", "\"bob\"", StringComparison.Ordinal);

        Assert.True(
            JsonElement.DeepEquals(
                JsonElement.Parse(Args.Replace("\"ann\"", "\"bob\"", StringComparison.Ordinal)), JsonElement.Parse(Keep(edited, Args))),
            Keep(edited, Args));
        Assert.Equal("""{"password":"new"}""", Keep("""{"password":"new"}""", Args));
        Assert.Equal("""{"name":"***"}""", Keep("""{"name":"***"}""", Args));
    }

    /// <summary>A secret goes with the element that it belongs to, or nowhere.</summary>
    [Theory]
    [InlineData("""[{"user":"b","key":"***"},{"user":"a","key":"***"}]""", """[{"user":"b","key":"kb"},{"user":"a","key":"ka"}]""")]
    [InlineData("""[{"user":"b","key":"***"}]""", """[{"user":"b","key":"kb"}]""")]
    [InlineData("""[{"user":"a","key":"***"},{"user":"x","key":"***"}]""", """[{"user":"a","key":"ka"},{"user":"x","key":"kb"}]""")]
    [InlineData(
        """[{"user":"n","key":"kn"},{"user":"a","key":"***"},{"user":"b","key":"***"}]""",
        """[{"user":"n","key":"kn"},{"user":"a","key":"ka"},{"user":"b","key":"kb"}]""")]
    [InlineData("""[{"user":"b","key":"***"},{"user":"x","key":"***"}]""", null)]
    [InlineData("""[{"user":"x","key":"***"}]""", null)]
    public void KeepStored_EditedList_KeepsOfTheSameElement(string edited, string? expected)
    {
        var errors = new InputErrors();
        var kept = Secrets.KeepStored(
            $$"""{"accounts":{{edited}}}""", """{"accounts":[{"user":"a","key":"ka"},{"user":"b","key":"kb"}]}""", errors);

        Assert.Equal(expected is null, !errors.AreNone);
        if (expected is not null)
            Assert.Equal($$"""{"accounts":{{expected}}}""", kept);
        Assert.All(errors.All, e => Assert.Equal("unknown_secret", e.Code));
    }

    [Theory]
    [InlineData("""{"password":"***"}""", "{}", "args.password")]
    [InlineData("""{"password":"***"}""", null, "args.password")]
    [InlineData("""{"password":"***"}""", """{"password":null}""", "args.password")]
    [InlineData("""{"account":{"key":"***"}}""", """{"account":null}""", "args.account.key")]
    [InlineData("""{"byHost":{"a":"***"}}""", """{"byHost":{"a":"x"}}""", "args.byHost")]
    [InlineData("""{"accounts":[{"key":"***"}]}""", """{"accounts":[]}""", "args.accounts[0].key")]
    [InlineData("""{"password":"***"}""", "no json", "args.password")]
    public void KeepStored_NothingIsStored_IsRefused(string edited, string? stored, string field)
    {
        var errors = new InputErrors();
        Secrets.KeepStored(edited, stored, errors);

        var error = Assert.Single(errors.All);
        Assert.Equal(("unknown_secret", field), (error.Code, error.Field));
    }

    [Theory]
    [InlineData("""{"password":77777}""", "args.password: '***' does not fit job 'test.many'; expected string")]
    [InlineData("""{"card":{"number":"4111","month":"55555"}}""", "args.card: '***' does not fit")]
    [InlineData("""{"byHost":{"hidden-name":77777}}""", "args.byHost: '***' does not fit")]
    public void Check_SecretThatDoesNotFit_IsNotQuoted(string args, string expected)
    {
        var job = JobSchemas.Describe(JobDefinition.For(typeof(ManyJob)));

        var error = Assert.Single(new ArgsCheck().Check(job, args), e => e.Code == "invalid_argument");

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("7777", $"{error}", StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-name", $"{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void CheckArgs_ConstructorThatQuotesTheSecret_IsCut()
    {
        var error = JobDefinition.For(typeof(PickyJob)).CheckArgs("""{"password":"too-short"}""")!;

        Assert.DoesNotContain("too-short", $"{error}", StringComparison.Ordinal);
        Assert.Contains("***", error.Message, StringComparison.Ordinal);
    }

    private static string Keep(string edited, string? stored)
    {
        var errors = new InputErrors();
        var kept = Secrets.KeepStored(edited, stored, errors);
        Assert.Empty(errors.All);
        return kept;
    }

    private static string SchemaOf<THandler>() => JobSchemas.Describe(JobDefinition.For(typeof(THandler))).Schema;

    public abstract class Nothing<T> : IJob<T>
    {
        public Task RunAsync(T args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    public sealed class ManyJob : Nothing<Many>;

    public sealed class OpenJob : Nothing<Open>;

    public sealed class PickyJob : Nothing<Picky>;

    [Job("test.open")]
    public sealed record Open(string? Name);

    [Job("test.picky")]
    public sealed record Picky
    {
        public Picky([Secret] string password) =>
            Password = password.Length > 20 ? password : throw new ArgumentException($"'{password}' is too short.", nameof(password));

        public string Password { get; }
    }

    [Job("test.many")]
    public sealed record Many(string? Name, [Secret] string Password = "the-default", [Secret] int Pin = 0)
    {
        [Secret]
        public IReadOnlyList<string>? Tokens { get; init; }

        [Secret]
        public Dictionary<string, string>? ByHost { get; init; }

        [Secret]
        public Card? Card { get; init; }

        public Account? Account { get; init; }

        public List<Account>? Accounts { get; init; }

        public Dictionary<string, Account>? More { get; init; }

        public Payment? Payment { get; init; }

        public Odd? Odd { get; init; }

        [Secret]
        public JsonElement? Any { get; init; }

        public Tree? Tree { get; init; }

#pragma warning disable CA1051 // A field can be a member of args, too.
        [Secret, JsonInclude]
        public string? Fields;
#pragma warning restore CA1051

        [Secret]
        public string Url => $"https://u:{Password}@host";

        [Secret, JsonExtensionData]
        public Dictionary<string, JsonElement>? Others { get; init; }
    }

    public sealed record Card(string Number, int Month);

    public sealed record Account(string? User, [property: Secret] string? Key);

    public sealed record Tree([Secret] string Key, Tree? Child = null);

    [JsonDerivedType(typeof(Cash), "cash")]
    public abstract record Payment;

    public sealed record Cash([Secret] string Receipt, string? Note) : Payment;

    /// <summary>Read by a converter of its own: its schema says nothing of its members.</summary>
    [JsonConverter(typeof(OddConverter))]
    public sealed class Odd
    {
        [Secret]
        public string Value { get; set; } = "";
    }

    public sealed class OddConverter : JsonConverter<Odd>
    {
        public override Odd Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new() { Value = reader.GetString()! };

        public override void Write(Utf8JsonWriter writer, Odd value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
