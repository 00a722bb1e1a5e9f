namespace Fleet.Core.Rules;

/// <summary>What is refused in one request. It collects, so that the answer names every bad field at once.</summary>
public sealed class InputErrors
{
    /// <summary>Maximum number of errors that are kept: a batch may have thousands.</summary>
    public const int Most = 100;

    private List<InputError>? _all;

    /// <summary>True if there are no errors.</summary>
    public bool AreNone => _all is null;

    /// <summary>The first error; null if there are none.</summary>
    public InputError? First => _all?[0];

    /// <summary>All errors.</summary>
    public IReadOnlyList<InputError> All => _all ?? (IReadOnlyList<InputError>)[];

    /// <summary>True if no more errors are kept.</summary>
    public bool AreFull => _all?.Count >= Most;

    /// <summary>Keeps an error; null is none.</summary>
    public void Add(InputError? error)
    {
        if (error is not null && (_all ??= []).Count < Most)
            _all.Add(error);
    }

    /// <summary>Keeps errors of fields that stand within another, such as <c>runs[3].</c>.</summary>
    public void Add(IReadOnlyList<InputError> errors, string prefix)
    {
        foreach (var error in errors)
            Add(error.Within(prefix));
    }

    /// <summary>Keeps the errors of a refusal.</summary>
    public void Add(InvalidRunException refusal)
    {
        foreach (var error in refusal.Errors)
            Add(error);
    }

    /// <summary>Whether an error of this field is kept.</summary>
    public bool Has(string field) => _all?.Exists(e => e.Field == field) is true;

    /// <exception cref="InvalidRunException">There are errors.</exception>
    public void ThrowIfAny()
    {
        if (_all is not null)
            throw new InvalidRunException(_all);
    }
}
