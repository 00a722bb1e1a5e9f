using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fleet.Tests.Jobs;

#pragma warning disable SA1402 // Types of args, a line or two each.

internal sealed class Handler<T> : IJob<T>
{
    public Task RunAsync(T args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

internal enum Color
{
    Red,
    Green,
}

[Flags]
internal enum Parts
{
    None = 0,
    Left = 1,
    Right = 2,
}

[Job("doors.numbers")]
internal sealed record Numbers
{
    public sbyte? I8 { get; init; }
    public byte U8 { get; init; }
    public short I16 { get; init; }
    public ushort U16 { get; init; }
    public int I32 { get; init; }
    public uint U32 { get; init; }
    public long I64 { get; init; }
    public ulong U64 { get; init; }
    public Int128 I128 { get; init; }
    public UInt128 U128 { get; init; }
    public Half F16 { get; init; }
    public float F32 { get; init; }
    public double F64 { get; init; }
    public decimal Dec { get; init; }

    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public int OrText { get; init; }

    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double OrNan { get; init; }
}

[Job("doors.texts")]
internal sealed record Texts
{
    public char? Ch { get; init; }
    public Guid Id { get; init; }
    public TimeSpan Span { get; init; }
    public DateTimeOffset At { get; init; }
    public DateTime Local { get; init; }
    public DateOnly Day { get; init; }
    public TimeOnly Time { get; init; }
    public byte[] Bytes { get; init; } = [];
    public ReadOnlyMemory<byte> Memory { get; init; }
    public Uri? Link { get; init; }
    public Version? Version { get; init; }
    public Color Color { get; init; }
    public Parts Parts { get; init; }

    [JsonConverter(typeof(JsonNumberEnumConverter<Color>))]
    public Color Number { get; init; }
    public string? Named { get; init; }
    public bool? Yes { get; init; }
}

[Job("doors.lists")]
internal sealed record Lists
{
    public string[] Names { get; init; } = [];
    public List<string?> Perhaps { get; init; } = [];
    public HashSet<int> Set { get; init; } = [];
    public Dictionary<int, string> ByNumber { get; init; } = [];
    public Dictionary<Color, int> ByColor { get; init; } = [];
    public IReadOnlyDictionary<Guid, int?> ById { get; init; } = new Dictionary<Guid, int?>();
    public JsonElement Any { get; init; }
    public JsonValue? Value { get; init; }
    public JsonNode? Node { get; init; }
    public Dictionary<string, int> Map { get; init; } = [];
    public IEnumerable<object>? List { get; init; }
    public List<List<int>> Elements { get; init; } = [];
    public KeyValuePair<string, int>? Ending { get; init; }
}

[Job("doors.needed")]
internal sealed record Needed(string A)
{
    public required int B { get; init; }

    [JsonRequired]
    public int C { get; init; }

    [JsonInclude]
    public int? Kept { get; private set; }
    public int Sum => B + C;

    [JsonIgnore]
    public int Ignored { get; init; }
}

[Job("doors.ranged")]
internal sealed record Ranged(
    [Range(5, 10)] int Whole,
    [property: Range(0.0, 1.0, MaximumIsExclusive = true)] double Part,
    [property: Range(typeof(decimal), "0.5", "2")] decimal Money,
    [property: Range(-10, -5)] int Below = -7);

[Job("doors.open")]
internal sealed record Open
{
    public int Known { get; init; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Rest { get; init; }
}

[JsonDerivedType(typeof(Circle), "circle")]
[JsonDerivedType(typeof(Square), "square")]
internal abstract record Shape;

internal sealed record Circle(int R) : Shape;

internal sealed record Square(int W) : Shape;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "$kind")]
[JsonDerivedType(typeof(Extended), 2)]
internal record Basic(string Name);

internal sealed record Extended(string Name, bool Extra) : Basic(Name);

[Job("doors.drawing")]
internal sealed record Drawing(Shape Shape, IReadOnlyList<Shape> More, Basic? Base = null);

[Job("doors.tree")]
internal sealed class Tree
{
    public int Value { get; init; }
    public Tree? Next { get; init; }
    public List<Tree>? Kids { get; init; }
}

/// <summary>Written as <c>v5</c>.</summary>
internal sealed class Vee : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number ? reader.GetInt32() : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}

[Job("doors.own")]
internal sealed record Own([property: JsonConverter(typeof(Vee))] int A, object B, JsonElement C, JsonArray D, JsonObject E);

[Job("doors.everything")]
internal sealed record Everything(
    char A, Parts B, Shape C, Dictionary<Color, Parts> D, Version E, Uri F, byte[] G, TimeOnly H, Half I, UInt128 J, Tree K);

[Job("doors.choosy")]
internal sealed class Choosy
{
    public Choosy(int day, Choosy? inner = null, string? text = null)
    {
        if (day == 5)
            throw new ArgumentException("bad day", nameof(day));
        if (text is not null)
            throw new TimeoutException("is too long");
        (Day, Inner, Text) = (day, inner, text);
    }

    public int Day { get; }
    public Choosy? Inner { get; }
    public string? Text { get; }
}
