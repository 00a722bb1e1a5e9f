using System.Collections.Concurrent;
using System.Text.Json;
using Fleet.Core.Runs;
using NJsonSchema;
using NJsonSchema.Validation;

namespace Fleet.Core.Jobs;

/// <summary>Checks args against the schema that the job's worker published, before anything is stored.</summary>
public sealed class ArgsSchemas(JobCatalog catalog)
{
    // Not before it is needed: a worker is hardly ever asked, and would load the validator's assemblies with its start.
    private readonly Lazy<Checks> _checks = new(() => new Checks());

    /// <summary>Checks args against every version of the job that is accepted.</summary>
    /// <returns>The first violation of the version at hand; null when the args fit a version.</returns>
    public async Task<InputError?> CheckAsync(JobInfo job, string args)
    {
        var error = await _checks.Value.CheckAsync(job, args);
        return error is null || await FitsAnotherAsync(job, args, CancellationToken.None) ? null : error;
    }

    /// <summary>Whether args that the version at hand cannot read fit another version of the job that is accepted.</summary>
    public async Task<bool> FitsAnotherAsync(JobInfo job, string args, CancellationToken ct)
    {
        foreach (var other in await catalog.FindOthersAsync(job, ct))
        {
            if (await _checks.Value.CheckAsync(other, args) is null)
                return true;
        }

        return false;
    }

    private static InputError Explain(JobInfo job, JsonSchema schema, ValidationError error, string args)
    {
        var field = Field(error.Path);
        switch (error.Kind)
        {
            case ValidationErrorKind.PropertyRequired:
                return new InputError("missing_argument", field, $"{field}: it is missing; job '{job.Name}' needs it.", null, Expected(schema, error));
            case ValidationErrorKind.NoAdditionalPropertiesAllowed:
                var known = schema.ActualProperties.Keys.ToArray();
                var hint = Nearest.To(error.Property ?? "", known) is { } nearest
                    ? $"did you mean '{nearest}'?"
                    : known.Length == 0 ? "it takes none." : $"it takes {string.Join(", ", known)}.";
                return new InputError("unknown_argument", field, $"{field}: job '{job.Name}' takes no such argument; {hint}", null, string.Join(", ", known));
            default:
                var expected = Expected(schema, error);
                var value = JsonPath.Show(JsonElement.Parse(args), error.Path ?? "");
                return new InputError("invalid_argument", field, $"{field}: '{value}' does not fit job '{job.Name}'; expected {expected}.", value, expected);
        }
    }

    private static string Expected(JsonSchema root, ValidationError error)
    {
        var schema = error.Kind == ValidationErrorKind.PropertyRequired && error.Property is { } name
            ? root.ActualProperties.GetValueOrDefault(name) ?? error.Schema
            : error.Schema;
        var type = schema.Type.ToString().ToLowerInvariant().Replace(", ", " or ", StringComparison.Ordinal);
        var range = (schema.Minimum, schema.Maximum) switch
        {
            (null, null) => "",
            ({ } least, null) => $" of {least} or more",
            (null, { } most) => $" of {most} or less",
            ({ } least, { } most) => $" from {least} to {most}",
        };
        return (schema.Format is { Length: > 0 } format ? $"{type} ({format})" : type) + range;
    }

    /// <summary><c>#/day</c> → <c>args.day</c>.</summary>
    private static string Field(string? path)
    {
        var inner = (path ?? "").TrimStart('#', '/').Replace('/', '.');
        return RunRules.Show(inner.Length == 0 ? "args" : "args." + inner);
    }

    private sealed class Checks
    {
        private readonly ConcurrentDictionary<string, Task<JsonSchema>> _schemas = new(StringComparer.Ordinal);
        private readonly JsonSchemaValidator _validator = new();

        public async Task<InputError?> CheckAsync(JobInfo job, string args)
        {
            var schema = await _schemas.GetOrAdd(job.Schema, static text => JsonSchema.FromJsonAsync(text));
            var error = _validator.Validate(args, schema).FirstOrDefault();
            return error is null ? null : Explain(job, schema, error, args);
        }
    }
}
