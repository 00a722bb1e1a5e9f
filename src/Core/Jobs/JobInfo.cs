using System.Security.Cryptography;
using System.Text;

namespace Fleet.Core.Jobs;

/// <summary>A job as anybody may know it: from this process's registry, or from the table that workers write.</summary>
public sealed record JobInfo
{
    public required string Name { get; init; }

    public required string Lane { get; init; }

    public int? MaxAttempts { get; init; }

    public TimeSpan? Timeout { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>JSON Schema of the args, as JSON text.</summary>
    public required string Schema { get; init; }

    /// <summary>Args that fit the schema, as JSON text.</summary>
    public required string Example { get; init; }

    /// <summary>A fingerprint of all the above, 16 hexadecimal digits. Programs that describe the job alike have the same
    /// version.</summary>
    public string Version { get; init; } = "";

    /// <summary>The job in this process, where the schema was made from its args type; null for what other workers described.</summary>
    public JobDefinition? Definition { get; init; }

    /// <summary>The same job with its version.</summary>
    public JobInfo WithVersion()
    {
        var text = string.Join(
            '\n', [Name, Lane, $"{MaxAttempts}", $"{Timeout:c}", Description, string.Join(',', Aliases), Schema, Example]);
        return this with { Version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8)) };
    }
}
