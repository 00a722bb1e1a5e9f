using System.Data.Common;

namespace Fleet.Core.Effects;

/// <summary>Why an effect could not be applied.</summary>
public enum EffectFault
{
    /// <summary>The statement or its values are wrong: the attempt fails.</summary>
    Effect = 0,

    /// <summary>Another writer was in the way: the same statement can succeed if it is tried again.</summary>
    Conflict = 1,

    /// <summary>It took too long, because of its own work or a lock: it is applied alone, with more time.</summary>
    Slow = 2,

    /// <summary>The database cannot serve now.</summary>
    Outage = 3,
}

/// <summary>How a database executes effects.</summary>
public abstract class EffectSql
{
    /// <summary>How statements are parsed.</summary>
    public abstract EffectSyntax Syntax { get; }

    /// <summary>Executed before the effects of a transaction; null for nothing.</summary>
    /// <param name="limit">How long each of them may take.</param>
    public virtual string? Begin(TimeSpan limit) => null;

    /// <summary>Executed after each effect, as a part of it; null for nothing.</summary>
    public virtual string? Check => null;

    /// <summary>Executed after the effects of a transaction; null for nothing.</summary>
    public virtual string? End => null;

    /// <summary>Judges the error of a statement of an effect.</summary>
    public abstract EffectFault Judge(Exception e);

    /// <summary>True for an error at the commit that the effects caused, such as a constraint that is checked there.</summary>
    public abstract bool IsRefusedCommit(Exception e);

    /// <summary>The parameter with this number, from 1.</summary>
    public abstract DbParameter Parameter(int number, EffectValue value);

    /// <summary>Sets the text and the parameters of a command.</summary>
    public void Fill(DbCommand command, Effect effect)
    {
        command.CommandText = effect.Sql;
        Fill(command.Parameters, effect);
    }

    /// <inheritdoc cref="Fill(DbCommand, Effect)"/>
    public void Fill(DbBatchCommand command, Effect effect)
    {
        command.CommandText = effect.Sql;
        Fill(command.Parameters, effect);
    }

    private void Fill(DbParameterCollection parameters, Effect effect)
    {
        for (var i = 0; i < effect.Values.Count; i++)
            parameters.Add(Parameter(i + 1, effect.Values[i]));
    }
}
