namespace Fleet;

/// <summary>Marks a member of a job's args, or of its result, whose value only the job may see: a password, a token, a key.</summary>
/// <remarks>
/// <para>Of args, the handler gets the value as always. Wherever args leave the database otherwise, <see cref="Redacted"/> stands in its
/// place: in the API, on the command line, in logs, errors and dead letters. Runs cannot be searched by it. A member that is an object, a
/// list or a dictionary is redacted as a whole. The job's JSON Schema has the member as <c>writeOnly</c>.</para>
/// <para>Of a result, the value is not stored at all.</para>
/// <para>The database holds args as they were given: a reference to a store of secrets is safer than a secret.</para>
/// </remarks>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter)]
public sealed class SecretAttribute : Attribute
{
    /// <summary>What is shown in the place of a secret. In an edit it keeps the value that is stored.</summary>
    public const string Redacted = "***";
}
