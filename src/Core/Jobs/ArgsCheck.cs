using System.Collections.Concurrent;
using System.Text.Json;

namespace Fleet.Core.Jobs;

/// <summary>Checks args against one version of a job: against the schema that its workers published, and, if the args type is loaded in
/// this process, also by deserializing them like the handler's worker.</summary>
public sealed class ArgsCheck
{
    private readonly ConcurrentDictionary<string, JsonElement> _schemas = new(StringComparer.Ordinal);

    /// <param name="job">The version of the job.</param>
    /// <param name="args">JSON text in the form of <see cref="ArgsText"/>.</param>
    /// <returns>All violations of the schema; if there are none, the one of the args type itself; empty when the args fit.</returns>
    public IReadOnlyList<InputError> Check(JobInfo job, string args)
    {
        var schema = _schemas.GetOrAdd(job.Schema, Parse);
        var errors = new SchemaCheck(job.Name, schema).Check(JsonElement.Parse(args));
        return errors.Count == 0 && job.Definition?.CheckArgs(args) is { } error ? [error] : errors;
    }

    /// <summary>A schema that is not valid JSON accepts everything; the handler's worker decides.</summary>
    private static JsonElement Parse(string schema)
    {
        try
        {
            return JsonElement.Parse(schema);
        }
        catch (JsonException)
        {
            return JsonElement.Parse("true");
        }
    }
}
