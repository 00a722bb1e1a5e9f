using Fleet.Core.Effects;

namespace Fleet.Tests.Effects;

public sealed class CollectEffectsTests
{
    private const string Insert = "INSERT INTO t (a, b) VALUES (@a, @b)";

    private readonly CollectEffects _effects = new(EffectSyntax.Postgres, "report.daily");

    private enum Color : byte
    {
        Blue = 3,
    }

    private enum Wide : ulong
    {
        One = 1,
    }

    [Fact]
    public void Read_EachAllowedType_KeepsItsValue()
    {
        var (id, run) = (Guid.NewGuid(), RunId.New(TimeProvider.System.GetUtcNow()));
        var instant = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));
        var values = new Dictionary<string, object?>
        {
            ["text"] = "a",
            ["yes"] = true,
            ["byte"] = (byte)1,
            ["short"] = (short)2,
            ["int"] = 3,
            ["long"] = 4L,
            ["exact"] = 5.5m,
            ["real"] = 6.5,
            ["single"] = 7.5f,
            ["guid"] = id,
            ["run"] = run,
            ["instant"] = instant,
            ["utc"] = instant.UtcDateTime,
            ["day"] = new DateOnly(2026, 1, 2),
            ["bytes"] = new byte[] { 1 },
            ["color"] = Color.Blue,
            ["none"] = null,
        };

        var effect = _effects.Read("SELECT " + string.Join(", ", values.Keys.Select(k => "@" + k)), values).Effect;

        Assert.Equal(
            [
                "a", true, (byte)1, (short)2, 3, 4L, 5.5m, 6.5, 7.5f, id, run.Value, instant.ToUniversalTime(), instant.UtcDateTime,
                new DateOnly(2026, 1, 2), new byte[] { 1 }, (byte)3, null,
            ],
            effect.Values.Select(v => v.Value));
        Assert.Equal(TimeSpan.Zero, ((DateTimeOffset)effect.Values[11].Value!).Offset);
        Assert.Equal([EffectType.Byte, EffectType.Unknown], effect.Values.TakeLast(2).Select(v => v.Type));
    }

    [Fact]
    public void Read_NullOfAProperty_KnowsItsType() =>
        Assert.Equal(new EffectValue(EffectType.Int32, null), _effects.Read("SELECT @a", new { a = (int?)null }).Effect.Values[0]);

    [Fact]
    public void Read_BytesThatTheHandlerChangesLater_KeepsThemAsTheyWere()
    {
        byte[] bytes = [1];
        var effect = _effects.Read("SELECT @a", new { a = bytes }).Effect;
        bytes[0] = 2;

        Assert.Equal(new byte[] { 1 }, effect.Values[0].Value);
    }

    public static TheoryData<string, object?, string> Refused => new()
    {
        { "", null, "is empty" },
        { Insert, new { a = 1 }, "has no value for @b. Values were given for @a." },
        { Insert, null, "has no value for @a. No values were given." },
        { Insert, new { a = 1, b = 2, c = 3 }, "has a value for @c, which the statement does not use. Its parameters are @a, @b" },
        { "SELECT 1", new { a = 1 }, "has a value for @a, which the statement does not use. It has no parameters." },
        {
            "SELECT @a", new { a = TimeSpan.Zero },
            "has a value of type System.TimeSpan for @a. Allowed are null, string, bool, byte, short"
        },
        { "SELECT @a", new { a = 1u }, "has a value of type System.UInt32 for @a" },
        { "SELECT @a", new { a = new[] { 1 } }, "has a value of type System.Int32[] for @a" },
        { "SELECT @a", new { a = Wide.One }, "has a value of type Fleet.Tests.Effects.CollectEffectsTests+Wide" },
        { "SELECT @a", new { a = double.NaN }, "has the value NaN for @a, which not every database can store" },
        { "SELECT @a", new { a = float.PositiveInfinity }, "has the value Infinity for @a" },
        { "SELECT @a", new { a = At(DateTimeKind.Local) }, "has a DateTime of kind Local for @a. Allowed is kind Utc" },
        { "SELECT @a", new { a = At(DateTimeKind.Unspecified) }, "has a DateTime of kind Unspecified for @a" },
        { "SELECT @a", new { a = "x\0" }, "has a text with the character U+0000 for @a" },
        { "SELECT @a", new { a = "x\ud800" }, "has a text with half of a surrogate pair for @a" },
        { "SELECT '\ud800'", null, "holds half of a surrogate pair" },
        { "SELECT @a", 5, "has one value of type System.Int32 without a name. Give parameters as new { name = value }." },
        { "SELECT @a", "text", "has one value of type System.String without a name" },
        { "SELECT @a", new object(), "has parameters of type System.Object, which has no public properties" },
        { "SELECT @a", new Dictionary<string, object?>(StringComparer.Ordinal) { ["a"] = 1, ["A"] = 2 }, "has two values for @A" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Read_WhatCanNeverWork_IsRefusedWithJobAndReason(string sql, object? parameters, string reason)
    {
        // A second time, since what was read is kept.
        for (var i = 0; i < 2; i++)
        {
            var e = Assert.Throws<EffectRefusedException>(() => _effects.Read(sql, parameters));
            Assert.StartsWith($"Effect 1 of job 'report.daily' {reason}", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_DictionaryWithAtSigns_IsTakenAsItIsMeant()
    {
        var effect = _effects.Read(Insert, new Dictionary<string, object> { ["@A"] = 1, ["b"] = 2 }).Effect;

        Assert.Equal([1, 2], effect.Values.Select(v => (int)v.Value!));
    }

    [Fact]
    public void Read_TheSameStatementWithOtherNames_IsReadAnew()
    {
        _effects.Read("SELECT @a", new { a = 1 });

        Assert.Throws<EffectRefusedException>(() => _effects.Read("SELECT @a", new { b = 1 }));
    }

    [Fact]
    public void Add_MoreThanAHundred_IsRefused()
    {
        for (var i = 0; i < CollectEffects.MaxEffects; i++)
            _effects.Add(_effects.Read("SELECT 1", null));

        var e = Assert.Throws<EffectRefusedException>(() => _effects.Add(_effects.Read("SELECT 1", null)));

        Assert.StartsWith("Effect 101 of job 'report.daily' is one too many. Allowed are 100", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_MoreThanTheSize_IsRefusedAndTheRestStays()
    {
        var large = _effects.Read("SELECT @a", new { a = new string('é', 100 * 1024) });
        _effects.Add(large);

        var e = Assert.Throws<EffectRefusedException>(() => _effects.Add(large));

        Assert.Contains("Allowed are 262144 (256 KiB) for each run.", e.Message, StringComparison.Ordinal);
        Assert.Single(_effects.Effects);
        _effects.Truncate(0);
        _effects.Add(large);
    }

    private static DateTime At(DateTimeKind kind) => new(2026, 1, 2, 3, 4, 5, kind);
}
