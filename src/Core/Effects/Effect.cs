using Fleet.Core.Text;

namespace Fleet.Core.Effects;

/// <summary>A statement of a handler, which is executed in the transaction that completes its run.</summary>
/// <param name="Sql">The statement, with its parameters marked for the database as <see cref="EffectSyntax"/> says.</param>
/// <param name="Values">The values of the parameters, in the order of their marks.</param>
public sealed record Effect(string Sql, IReadOnlyList<EffectValue> Values);

/// <summary>The type of a value, for drivers that need it also for null.</summary>
public enum EffectType
{
    /// <summary>Null, without a known type.</summary>
    Unknown = 0,
    Text = 1,
    Boolean = 2,
    Byte = 3,
    Int16 = 4,
    Int32 = 5,
    Int64 = 6,
    Decimal = 7,
    Double = 8,
    Single = 9,
    Guid = 10,
    Instant = 11,
    Date = 12,
    Bytes = 13,
}

/// <summary>The value of one parameter.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Value">Null, or of the .NET type that <see cref="EffectType"/> names. An instant is a <see cref="DateTimeOffset"/> in UTC,
/// or a <see cref="DateTime"/> in UTC where the caller gave one.</param>
public readonly record struct EffectValue(EffectType Type, object? Value);

/// <summary>An effect was refused when the handler added it. Another attempt would add the same.</summary>
public sealed class EffectRefusedException(string message, string parameter) : ArgumentException(message, parameter);

/// <summary>The database refused the effects of a run: the attempt fails, and nothing of it was stored.</summary>
public sealed class EffectFailedException : Exception
{
    private const int MaxShown = 200;

    private EffectFailedException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>The failure of one effect, without its values.</summary>
    /// <param name="effects">All effects of the run.</param>
    /// <param name="position">Which of them failed.</param>
    /// <param name="inner">What the database said.</param>
    public static EffectFailedException Of(IReadOnlyList<Effect> effects, int position, Exception inner) =>
        new(
            $"Effect {position + 1} of {effects.Count} failed, and nothing of this attempt was stored: {Shorten(effects[position].Sql)}",
            inner);

    /// <summary>A failure that the database reports after all effects, at the commit.</summary>
    public static EffectFailedException AtCommit(Exception inner) =>
        new(
            "The effects failed at the commit, and nothing of this attempt was stored. A constraint that is checked there is violated.",
            inner);

    private static string Shorten(string sql) =>
        StoredText.Cut(string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), MaxShown);
}

/// <summary>A shared transaction was rolled back because of one of its effects. Its other runs did not cause this.</summary>
/// <param name="run">The position of the run in the batch.</param>
/// <param name="effect">The position of the effect among those of its run.</param>
/// <param name="inner">What the database said.</param>
public sealed class EffectStoppedException(int run, int effect, Exception inner) : Exception(inner.Message, inner)
{
    public int Run { get; } = run;

    public int Effect { get; } = effect;
}
