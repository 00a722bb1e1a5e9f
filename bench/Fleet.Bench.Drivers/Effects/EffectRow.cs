using System.Data.Common;

namespace Fleet.Bench.Drivers.Effects;

/// <summary>The row that every contender writes once for each job.</summary>
internal static class EffectRow
{
    /// <summary>The statement, with the parameters <c>@job</c> and <c>@key</c>.</summary>
    public const string Insert = """INSERT INTO bench_effects (job_id, "key") VALUES (@job, @key)""";

    /// <summary>What each row holds beside the job's id.</summary>
    public const string Key = "an effect of this job, once";

    /// <summary>Writes it in a transaction.</summary>
    public static async Task InsertAsync(DbTransaction transaction, string job, CancellationToken ct)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = Insert;
        Add(command, "@job", job);
        Add(command, "@key", Key);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Adds a parameter.</summary>
    public static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
