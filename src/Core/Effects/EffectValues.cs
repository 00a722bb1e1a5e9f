using System.Collections.Frozen;
using System.Text;

namespace Fleet.Core.Effects;

/// <summary>The values that an effect may have: those that all databases store in the same way.</summary>
internal static class EffectValues
{
    private const string Allowed =
        "null, string, bool, byte, short, int, long, decimal, double, float, Guid, RunId, DateTimeOffset, DateTime in UTC, DateOnly, "
        + "byte[] and enums";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly FrozenDictionary<Type, EffectType> Types = new Dictionary<Type, EffectType>
    {
        [typeof(string)] = EffectType.Text,
        [typeof(bool)] = EffectType.Boolean,
        [typeof(byte)] = EffectType.Byte,
        [typeof(short)] = EffectType.Int16,
        [typeof(int)] = EffectType.Int32,
        [typeof(long)] = EffectType.Int64,
        [typeof(decimal)] = EffectType.Decimal,
        [typeof(double)] = EffectType.Double,
        [typeof(float)] = EffectType.Single,
        [typeof(Guid)] = EffectType.Guid,
        [typeof(RunId)] = EffectType.Guid,
        [typeof(DateTimeOffset)] = EffectType.Instant,
        [typeof(DateTime)] = EffectType.Instant,
        [typeof(DateOnly)] = EffectType.Date,
        [typeof(byte[])] = EffectType.Bytes,
    }.ToFrozenDictionary();

    public static bool IsAllowed(Type type) => TypeOf(type) is not null;

    /// <summary>The value for the driver. It is a copy, so the handler cannot change it later.</summary>
    /// <exception cref="FormatException">It is not allowed; the message says why.</exception>
    public static EffectValue Of(string name, object? value, Type? declared)
    {
        if (value is null or DBNull)
            return new EffectValue(declared is null ? EffectType.Unknown : TypeOf(declared) ?? EffectType.Unknown, null);
        var type = TypeOf(value.GetType())
            ?? throw new FormatException($"has a value of type {value.GetType()} for @{name}. Allowed are {Allowed}");
        return new EffectValue(type, value switch
        {
            string text => Checked(name, text),
            double number when !double.IsFinite(number) => throw NotFinite(name, number),
            float number when !float.IsFinite(number) => throw NotFinite(name, number),
            RunId id => id.Value,
            DateTimeOffset instant => instant.ToUniversalTime(),
            DateTime { Kind: not DateTimeKind.Utc } time => throw new FormatException(
                $"has a DateTime of kind {time.Kind} for @{name}. Allowed is kind Utc; or give a DateTimeOffset, or a DateOnly"),
            byte[] bytes => bytes.ToArray(),
            Enum number => type switch
            {
                EffectType.Byte => (object)Convert.ToByte(number, null),
                EffectType.Int16 => (object)Convert.ToInt16(number, null),
                EffectType.Int32 => (object)Convert.ToInt32(number, null),
                _ => Convert.ToInt64(number, null),
            },
            _ => value,
        });
    }

    /// <summary>The size of a value that counts against the limit, in bytes.</summary>
    public static int SizeOf(EffectValue value) => value.Value switch
    {
        string text => Encoding.UTF8.GetByteCount(text),
        byte[] bytes => bytes.Length,
        _ => 8,
    };

    /// <summary>Why a text cannot be sent to a database; null if it can. If a driver finds out while it sends the text, it closes the
    /// connection.</summary>
    public static string? WhyNotText(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            return "the character U+0000";
        try
        {
            Strict.GetByteCount(text);
            return null;
        }
        catch (EncoderFallbackException)
        {
            return "half of a surrogate pair";
        }
    }

    private static EffectType? TypeOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (Types.TryGetValue(type, out var known))
            return known;
        if (!type.IsEnum)
            return null;
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Byte => EffectType.Byte,
            TypeCode.SByte or TypeCode.Int16 => EffectType.Int16,
            TypeCode.UInt16 or TypeCode.Int32 => EffectType.Int32,
            TypeCode.UInt32 or TypeCode.Int64 => EffectType.Int64,
            _ => null,
        };
    }

    private static string Checked(string name, string text) =>
        WhyNotText(text) is { } problem
            ? throw new FormatException($"has a text with {problem} for @{name}, which not every database can store")
            : text;

    private static FormatException NotFinite(string name, double value) =>
        new($"has the value {value.ToString(System.Globalization.CultureInfo.InvariantCulture)} for @{name}, "
            + "which not every database can store. Allowed are finite numbers and null");
}
