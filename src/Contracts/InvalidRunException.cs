namespace Fleet;

/// <summary>What was asked for is refused; nothing was stored.</summary>
public sealed class InvalidRunException : Exception
{
    private const int MostInMessage = 5;

    /// <summary>One field is refused.</summary>
    /// <param name="error">Which field, which value, and what is allowed.</param>
    public InvalidRunException(InputError error)
        : this([error])
    {
    }

    /// <summary>Several fields are refused.</summary>
    /// <param name="errors">An error for each field; at least one.</param>
    public InvalidRunException(IReadOnlyList<InputError> errors)
        : base(Join(errors)) => Errors = errors;

    /// <summary>The first error: which field, which value, and what is allowed.</summary>
    public InputError Error => Errors[0];

    /// <summary>The errors of all refused fields; at least one.</summary>
    public IReadOnlyList<InputError> Errors { get; }

    private static string Join(IReadOnlyList<InputError> errors)
    {
        if (errors.Count == 1)
            return errors[0].Message;
        var told = string.Join(' ', errors.Take(MostInMessage).Select(e => e.Message));
        return errors.Count <= MostInMessage ? told : $"{told} And {errors.Count - MostInMessage} more fields are refused.";
    }
}

/// <summary>Why an input was refused.</summary>
/// <param name="Code">A stable word for programs, such as <c>unknown_job</c>.</param>
/// <param name="Field">The name of the field as the caller wrote it, such as <c>args.day</c>.</param>
/// <param name="Message">One sentence for people that names the field, the value and what is allowed.</param>
/// <param name="Value">The refused value, cut to 100 characters; null when there was none.</param>
/// <param name="Allowed">What would have been accepted; null when the message says all.</param>
public sealed record InputError(string Code, string Field, string Message, string? Value = null, string? Allowed = null)
{
    /// <summary>A JSON pointer to the field, for names from which it does not follow, such as one with a dot in it; null for all
    /// others.</summary>
    public string? Pointer { get; init; }
}

/// <summary>The idempotency key was used before with another request; nothing was stored.</summary>
/// <param name="key">The key.</param>
/// <param name="existing">The run that has it.</param>
/// <param name="field">As the caller wrote it; in a batch with its index.</param>
public sealed class IdempotencyConflictException(string key, RunId existing, string field = "idempotencyKey")
    : Exception($"{field}: '{key}' already belongs to run {existing}, which was enqueued with another request.")
{
    /// <summary>The name of the field, such as <c>idempotencyKey</c> or <c>runs[3].idempotencyKey</c>.</summary>
    public string Field { get; } = field;

    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The run that has it.</summary>
    public RunId Existing { get; } = existing;
}

/// <summary>More runs wait for their commit than the limit allows, or the caller asks for more than the server allows; nothing was stored.
/// Try again after <see cref="RetryAfter"/>.</summary>
public sealed class FleetBusyException(TimeSpan retryAfter, string message) : Exception(message)
{
    /// <summary>Too many runs wait for their commit.</summary>
    public FleetBusyException(TimeSpan retryAfter)
        : this(retryAfter, "Too many runs wait to be stored; try again shortly.")
    {
    }

    /// <summary>When to come back.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
