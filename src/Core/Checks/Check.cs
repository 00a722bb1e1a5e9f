namespace Fleet.Core.Checks;

/// <summary>How a check ended.</summary>
public enum CheckStatus
{
    /// <summary>All is well.</summary>
    Ok = 0,

    /// <summary>It works, but not as it should, or soon not.</summary>
    Warning = 1,

    /// <summary>It does not work.</summary>
    Failed = 2,

    /// <summary>It could not be checked, or there is nothing to check.</summary>
    Skipped = 3,
}

/// <summary>One check of a set-up.</summary>
/// <param name="Name">What was checked; a stable word for programs.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Said">What was found, in a sentence. Without passwords.</param>
/// <param name="Advice">What to do about it; null when there is nothing to do.</param>
public sealed record Check(string Name, CheckStatus Status, TimeSpan Took, string Said, string? Advice = null);
