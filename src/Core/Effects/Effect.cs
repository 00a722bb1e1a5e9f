using Fleet.Core.Text;

namespace Fleet.Core.Effects;

/// <summary>One statement that a handler handed over, to be executed in the transaction that completes its run.</summary>
/// <param name="Sql">The statement in the text that the database takes: its parameters are marked as <see cref="EffectSyntax"/> says.</param>
/// <param name="Values">The values of the parameters, in the order of their marks.</param>
public sealed record Effect(string Sql, IReadOnlyList<EffectValue> Values);

/// <summary>What a value is, for drivers that have to be told, also of a null.</summary>
public enum EffectType
{
    /// <summary>A null of which nothing more is known.</summary>
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
/// <param name="Type">What it is.</param>
/// <param name="Value">Null, or of the .NET type that <see cref="EffectType"/> names. An instant is a <see cref="DateTimeOffset"/> in UTC,
/// or a <see cref="DateTime"/> in UTC where the caller gave one.</param>
public readonly record struct EffectValue(EffectType Type, object? Value);

/// <summary>An effect was refused when it was handed over. Another attempt would hand over the same.</summary>
public sealed class EffectRefusedException(string message, string parameter) : ArgumentException(message, parameter);

/// <summary>The database refused the effects of a run: the attempt fails, and nothing of it was stored.</summary>
public sealed class EffectFailedException : Exception
{
    private const int MostShown = 200;

    private EffectFailedException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>The failure of one effect, without its values.</summary>
    /// <param name="effects">All effects of the run.</param>
    /// <param name="position">Which of them failed.</param>
    /// <param name="inner">What the database said.</param>
    public static EffectFailedException Of(IReadOnlyList<Effect> effects, int position, Exception inner) =>
        new($"Effect {position + 1} of {effects.Count} failed, and nothing of this attempt was stored: {Shorten(effects[position].Sql)}", inner);

    /// <summary>A failure that shows when all effects are done.</summary>
    public static EffectFailedException AtCommit(Exception inner) =>
        new("The effects failed at the commit, and nothing of this attempt was stored. A constraint that is checked there is violated.", inner);

    private static string Shorten(string sql) => StoredText.Cut(string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), MostShown);
}

/// <summary>A shared transaction was rolled back because of one of its effects. The other runs of it are not to blame.</summary>
/// <param name="run">Whose effect it was: the position in the batch.</param>
/// <param name="effect">The position among the effects of that run.</param>
/// <param name="inner">What the database said.</param>
public sealed class EffectStoppedException(int run, int effect, Exception inner) : Exception(inner.Message, inner)
{
    public int Run { get; } = run;

    public int Effect { get; } = effect;
}
