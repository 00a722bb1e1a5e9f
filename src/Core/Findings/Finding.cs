namespace Fleet.Core.Findings;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Work does not get done.</summary>
    Error = 0,

    /// <summary>Work may not get done, or soon not.</summary>
    Warning = 1,
}

/// <summary>Something that is wrong, in a sentence for people.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Code">A stable code for programs.</param>
/// <param name="Subject">What it is about, such as the lane's name; orders the findings of a code.</param>
/// <param name="Sentence">What is wrong.</param>
/// <param name="Since">Since when; null when it is not known.</param>
/// <param name="Link">The thing, by its path below <c>/api/v1</c>; null when it has none.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record Finding(
    FindingSeverity Severity, string Code, string Subject, string Sentence, DateTimeOffset? Since, string? Link, string Advice);
