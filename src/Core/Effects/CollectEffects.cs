using System.Collections.Concurrent;
using System.Text;

namespace Fleet.Core.Effects;

/// <summary>Reads the effects of one attempt when its handler adds them, and immediately refuses those that can never work.</summary>
public sealed class CollectEffects(EffectSyntax syntax, string job)
{
    /// <summary>Maximum number of effects of a run.</summary>
    public const int MaxEffects = 100;

    /// <summary>Maximum size of the statements and values of a run, in bytes of UTF-8.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>Maximum number of parameters of a statement. SQL Server allows 2,100.</summary>
    private const int MaxParameters = 1000;

    /// <summary>Maximum number of parsed statements that are cached. More than that usually means that the text contains values.</summary>
    private const int MaxCached = 1000;

    /// <summary>Maximum length of a statement that is cached, in characters.</summary>
    private const int LongestKept = 4096;

    private static readonly ConcurrentDictionary<(string Database, string Sql, Type Shape), EffectText> Known = new();

    private readonly List<Effect> _effects = [];
    private int _bytes;

    public IReadOnlyList<Effect> Effects => _effects;

    /// <summary>Reads an effect without storing it.</summary>
    /// <returns>The effect and its size in bytes.</returns>
    /// <exception cref="EffectRefusedException">It can never be applied.</exception>
    public (Effect Effect, int Bytes) Read(string sql, object? parameters)
    {
        ArgumentNullException.ThrowIfNull(sql);
        try
        {
            return ReadOrThrow(sql, parameters);
        }
        catch (FormatException e)
        {
            throw Refused($"{e.Message}.", nameof(sql));
        }
    }

    /// <summary>Stores an effect.</summary>
    /// <exception cref="EffectRefusedException">There are too many, or they are too large.</exception>
    public void Add((Effect Effect, int Bytes) read)
    {
        if (_effects.Count == MaxEffects)
            throw Refused($"is one too many. Allowed are {MaxEffects} for each run.", "sql");
        if (_bytes + read.Bytes > MaxBytes)
            throw Refused(
                $"would make {_bytes + read.Bytes} bytes of statements and values. Allowed are {MaxBytes} (256 KiB) for each run.", "sql");
        _effects.Add(read.Effect);
        _bytes += read.Bytes;
    }

    /// <summary>Drops all effects after the first ones of this number.</summary>
    public void Truncate(int count)
    {
        if (count == _effects.Count)
            return;
        _effects.RemoveRange(count, _effects.Count - count);
        _bytes = _effects.Sum(e => SizeOf(e.Sql, e.Values));
    }

    private (Effect Effect, int Bytes) ReadOrThrow(string sql, object? parameters)
    {
        var given = EffectParameters.Of(parameters);
        var text = TextOf(sql, given);
        var values = new EffectValue[text.Names.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = given.Read(text.Names[i]);
        return (new Effect(text.Sql, values), SizeOf(text.Sql, values));
    }

    private EffectText TextOf(string sql, EffectParameters given)
    {
        if (given.Shape is { } known && Known.TryGetValue((syntax.Database, sql, known), out var read))
            return read;
        if (EffectValues.WhyNotText(sql) is { } problem)
            throw new FormatException($"holds {problem}");
        read = EffectText.Read(sql, syntax, given.Has);
        if (read.Names.Count > MaxParameters)
            throw new FormatException($"has {read.Names.Count} parameters. Allowed are {MaxParameters} for each statement");
        if (read.Names.FirstOrDefault(name => !given.Has(name)) is { } missing)
            throw new FormatException($"has no value for @{missing}. {Given(given)}");
        if (given.Count > read.Names.Count)
        {
            var unused = given.Names.First(name => !read.Names.Contains(name, StringComparer.OrdinalIgnoreCase));
            throw new FormatException($"has a value for @{unused}, which the statement does not use. {InText(read)}");
        }

        if (given.Shape is { } shape && sql.Length <= LongestKept)
        {
            if (Known.Count >= MaxCached)
                Known.Clear();
            Known[(syntax.Database, sql, shape)] = read;
        }

        return read;
    }

    private static int SizeOf(string sql, IReadOnlyList<EffectValue> values) =>
        Encoding.UTF8.GetByteCount(sql) + values.Sum(EffectValues.SizeOf);

    private static string Given(EffectParameters given) =>
        given.Count == 0 ? "No values were given" : $"Values were given for {string.Join(", ", given.Names.Select(n => "@" + n))}";

    private static string InText(EffectText text) =>
        text.Names.Count == 0 ? "It has no parameters" : $"Its parameters are {string.Join(", ", text.Names.Select(n => "@" + n))}";

    private EffectRefusedException Refused(string problem, string parameter) =>
        new($"Effect {_effects.Count + 1} of job '{job}' {problem}", parameter);
}
